import Features
import Foundation
import Heads
import Metrics
import Scoring
import Selection
import Support
import Tasks
import Training

/// What two kinds of classifiers say of rows whose labels they have not seen.
struct Judges: Sendable {
    /// Exact linear heads, cross-fitted, mixed and calibrated.
    let linear: Predictions
    /// Regression with the gradient kernel, each row left out in closed form, calibrated.
    let kernel: Predictions
    /// Both together: the geometric mean of their probabilities.
    let both: Predictions

    /// - Throws: `MetricsError` where the two are about different rows.
    init(linear: Predictions, kernel: Predictions) throws {
        self.linear = linear
        self.kernel = kernel
        let classes = linear.classes
        var mean = zip(linear.probabilities, kernel.probabilities).map {
            (Double(max($0, .ulpOfOne)) * Double(max($1, .ulpOfOne))).squareRoot()
        }
        for start in stride(from: 0, to: mean.count, by: classes) {
            let sum = mean[start..<start + classes].reduce(0, +)
            for place in start..<start + classes { mean[place] /= sum }
        }
        both = try Predictions(
            labels: linear.labels, probabilities: mean.map { Float($0) }, classes: classes)
    }
}

/// Asks both kinds of judges about all rows.
///
/// They err in different ways: a linear head is fitted to what most rows of a class have in common, the kernel
/// also hears the rows nearby. Where both find a label unlikely, it is wrong more often than where one does.
struct Hearing {
    /// The task with all its rows as train.
    let prepared: Preparation
    /// Rows of one number say the same: the linear heads hold them out together.
    let groups: [Int]
    let threads: Int
    let progress: ProgressHandler?
    let key: RandomKey

    /// Folds of the linear heads.
    private static let folds = 5

    /// - Throws: `EncoderError`, `FeatureError`, `Interrupted` and the like.
    func judges() throws -> Judges {
        let findings = try LayerProbe(
            threads: threads, progress: progress, key: key.child("layers")
        ).run(prepared)
        var heads: [CrossFit.Head] = []
        var tables: [ReadoutRows] = []
        var labels: [Int32] = []
        for view in prepared.reading(findings).views {
            let features = try view.features.features(.train)
            labels = features.labels
            let fit = CrossFit(
                labels: labels, groups: groups, count: Self.folds, threads: threads,
                progress: progress, key: key.child("fit"))
            heads += try fit.run(
                LinearHeads.all(in: view.space, examples: features.count), in: view.space,
                features)
            tables += try Parallel.map(count: view.layers.count, threads: threads) { place, _ in
                let head = try LayerProbe.head(in: view.space, layer: view.layers[place])
                return try ReadoutRows(
                    view.space.graph(of: head), features, key: key.child("rows")
                ).standardized
            }
        }
        let linear = try Predictions(averaging: heads.map(\.best))
        let kernel = try LeaveOneOut(
            labels: labels, classes: prepared.dataset.labels.count, threads: threads,
            progress: progress, key: key.child("kernel")
        ).predictions(tables)
        return try Judges(
            linear: linear.tempered(Temperature.fit(linear)),
            kernel: kernel.tempered(Temperature.fit(kernel)))
    }
}
