import CKernels
import Features
import Foundation
import Metrics
import Support
import Tensors

/// The control that every search has to beat: logistic regression on standardised pooled features, `[u,
/// v, |u - v|, u * v]` of the means of a pair's segments, or the mean of a text, with the encoder's
/// layer and the strength of the L2 penalty chosen on dev.
public struct LinearProbe: Sendable {
    /// Inverse strengths that are tried; the loss is `|w|^2 / 2 + C sum_i L_i`, as scikit-learn has it.
    public static let strengths: [Double] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1]

    /// The chosen layer, by its place among those of the features.
    public let slot: Int
    /// The chosen inverse strength C.
    public let strength: Double
    public let dev: Predictions
    private let weights: [Float]
    private let scaling: Standardization
    private let classes: Int

    /// A layer's best fit.
    private struct Fit {
        let strength: Double
        let weights: [Float]
        let scaling: Standardization
        let dev: Predictions
        let score: SelectionScore
    }

    /// Fits on train for every layer and strength and keeps the one that does best on dev by the
    /// criterion (ties: the stronger penalty and the lower layer).
    public init(
        train: FeatureSet, dev: FeatureSet, classes: Int,
        criterion: SelectionCriterion = .accuracy, threads: Int,
        progress: ProgressHandler? = nil
    ) throws {
        let fits = try Parallel.map(count: train.layerCount, threads: threads) { slot, _ in
            try Self.fit(slot, train, dev, classes, criterion, progress)
        }
        var best = 0
        for slot in fits.indices.dropFirst() where fits[slot].score > fits[best].score {
            best = slot
        }
        slot = best
        strength = fits[best].strength
        self.dev = fits[best].dev
        weights = fits[best].weights
        scaling = fits[best].scaling
        self.classes = classes
    }

    private static func fit(
        _ slot: Int, _ train: FeatureSet, _ dev: FeatureSet, _ classes: Int,
        _ criterion: SelectionCriterion, _ progress: ProgressHandler?
    ) throws -> Fit {
        let raw = try pooledRows(train, slot: slot)
        let scaling = Standardization(raw, rows: train.count)
        let rows = scaling.apply(raw, rows: train.count)
        let devRows = scaling.apply(try pooledRows(dev, slot: slot), rows: dev.count)
        let devLabels = dev.labels.map(Int.init)
        let curvature = LogisticCurvature(rows, width: scaling.width)
        var best: Fit?
        // From the strongest penalty on, each start is the solution before.
        var weights: [Float]?
        for (index, strength) in strengths.enumerated() {
            try WorkProgress(
                stage: "probe", completed: index, total: strengths.count, unit: "strengths"
            ).report(to: progress)
            let objective = LogisticObjective(
                rows: rows, labels: train.labels, width: scaling.width, classes: classes,
                strength: strength)
            let solution = objective.minimum(
                from: weights, maximumIterations: 300, curvature: curvature)
            weights = solution
            let predictions = try Predictions(
                labels: devLabels,
                probabilities: LogisticObjective.probabilities(
                    devRows, solution, width: scaling.width, classes: classes),
                classes: classes)
            let fit = Fit(
                strength: strength, weights: solution, scaling: scaling, dev: predictions,
                score: criterion.score(predictions))
            if best == nil || fit.score > best!.score { best = fit }
        }
        return best!
    }

    /// What the probe says on a split.
    public func predict(_ features: FeatureSet) throws -> Predictions {
        let rows = scaling.apply(try pooledRows(features, slot: slot), rows: features.count)
        return try Predictions(
            labels: features.labels.map(Int.init),
            probabilities: LogisticObjective.probabilities(
                rows, weights, width: scaling.width, classes: classes),
            classes: classes)
    }
}

/// `[examples, k * width]` with k = 4 for pairs whose segments are apart, else 1.
private func pooledRows(_ features: FeatureSet, slot: Int) throws -> FloatStorage {
    let means = try features.means(slot: slot, threads: 1)
    guard features.segments == 2 else { return means }
    let width = features.width
    let result = FloatStorage(count: features.count * 4 * width)
    for example in 0..<features.count {
        let u = means.pointer + example * 2 * width
        let v = u + width
        let row = result.pointer + example * 4 * width
        row.update(from: u, count: 2 * width)
        knas_absolute_difference(Int64(width), u, v, row + 2 * width)
        knas_multiply(Int64(width), u, v, row + 3 * width, 0)
    }
    return result
}
