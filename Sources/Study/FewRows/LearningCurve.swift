import Encoders
import Features
import Foundation
import Metrics
import Selection
import Support
import Tasks
import Tensors

/// How good the exact linear head is with 8, 16, 32, ... rows of each class, and what more rows would give: is it
/// worth labelling more?
///
///     let result = try LearningCurve(LearningCurve.Configuration(task: url)).run()
///     for point in result.forecasts { print(point.rows, point.value, point.interval) }
///
/// Every draw holds another part of the rows out and learns from some of the others, those of a smaller size
/// among those of a larger one. Layer and penalty are chosen anew from the rows that are learnt from. Test is not
/// touched.
public struct LearningCurve: Sendable {
    /// What is measured.
    public struct Configuration: Sendable {
        /// Where rows come from, and the encoder.
        public var input: InputConfiguration
        /// Rows to learn from, in all; `nil` for 8 of each class, twice as many and so on.
        public var sizes: [Int]?
        /// Parts of the rows that are held out in turn.
        public var draws = 5
        /// The seed of draws and intervals.
        public var seed: UInt64 = 1
        /// Threads; the results do not depend on it.
        public var threads = Parallel.availableThreads

        /// This project's standard choices.
        public init(task: URL) { input = InputConfiguration(task: task) }

        /// - Throws: `BadOption`.
        func check() throws {
            try input.check()
            try require(!input.hasSeveralViews, "--encoder", "several", "one encoder")
            try require((3...100).contains(draws), "--draws", draws, "3 to 100")
            try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
            for size in sizes ?? [] { try require(size >= 4, "--rows", size, "4 or more each") }
        }
    }

    private let configuration: Configuration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - progress: called as the work proceeds; may ask for a stop.
    ///   - note: called with one line about what was found.
    public init(
        _ configuration: Configuration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    private var key: RandomKey { RandomKey(seed: configuration.seed).child("curve") }

    /// Measures every size, and looks ahead.
    /// - Throws: `TaskError`, `EncoderError`, `BadOption`, `Interrupted` and the like.
    public func run() throws -> LearningCurveResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        let prepared = try Preparation(
            configuration.input, SpaceConfiguration(), threads: configuration.threads,
            progress: progress, note: note)
        try prepared.requireClasses(for: "knas curve")
        let dataset = prepared.dataset
        let rows = try LabelledRows(
            prepared, threads: configuration.threads, progress: progress, key: key)
        let folds = HeldOutParts.folds(
            rows.features.labels, count: configuration.draws, together: rows.groups,
            key: key.child("held out"))
        let orders = (0..<configuration.draws).map { draw in
            Self.order(
                folds.indices.filter { folds[$0] != draw }, labels: rows.features.labels,
                key: key.child("draw").child(draw))
        }
        let sizes = try self.sizes(
            most: orders.map(\.count).min() ?? 0, classes: dataset.labels.count,
            task: dataset.name)
        let values = try measure(sizes, orders, folds, rows, dataset)
        let fit = LearningCurveFit(
            sizes: sizes, values: values, key: key.child("forecast"))
        return LearningCurveResult(
            task: dataset.name, encoder: rows.view.encoderName, layers: rows.view.layers,
            metric: dataset.criterion.metric, classes: dataset.labels.count,
            rows: rows.features.count, draws: configuration.draws, seed: configuration.seed,
            sizes: sizes, values: values, fit: fit)
    }

    /// Values of the metric, `[sizes][draws]`.
    private func measure(
        _ sizes: [Int], _ orders: [[Int]], _ folds: [Int], _ rows: LabelledRows, _ dataset: Dataset
    ) throws -> [[Double]] {
        let space = rows.view.space
        let draws = orders.count
        let counter = WorkCounter(
            stage: "curve", total: sizes.count * draws, unit: "fits", progress: progress)
        // The largest first, so that threads finish at about the same time.
        let results = try Parallel.map(
            count: sizes.count * draws, threads: configuration.threads
        ) { place, _ in
            let (size, draw) = (sizes.count - 1 - place / draws, place % draws)
            try counter.add(0)
            let learnt = Array(orders[draw].prefix(sizes[size])).sorted()
            let isFew = FewRows(rows: learnt.count, classes: dataset.labels.count) != nil
            let head = try ExactHead(
                rows.features.subset(learnt), groups: learnt.map { rows.groups[$0] },
                of: ExactHead.choices(in: space, isFew: isFew), in: space, threads: 1,
                key: key.child("fit").child(draw).child(sizes[size]))
            let held = folds.indices.filter { folds[$0] == draw }
            let answers = try head.predictions(
                rows.features.subset(held), classes: dataset.labels.count)
            try counter.add(1)
            return dataset.criterion.score(answers).value
        }
        return sizes.indices.map { size in
            Array(results[(sizes.count - 1 - size) * draws..<(sizes.count - size) * draws])
        }
    }

    /// Rows in the order in which they are learnt from: two of each class, then as many of each as its share.
    static func order(_ rows: [Int], labels: [Int32], key: RandomKey) -> [Int] {
        var ranked: [(turn: Int, share: Double, row: Int)] = []
        for label in Set(rows.map { labels[$0] }).sorted() {
            var generator = key.child(Int(label)).generator()
            let own = rows.filter { labels[$0] == label }.shuffled(using: &generator)
            for (place, row) in own.enumerated() {
                ranked.append((min(place, 2), (Double(place) + 0.5) / Double(own.count), row))
            }
        }
        return ranked.sorted {
            ($0.turn, $0.share, $0.row) < ($1.turn, $1.share, $1.row)
        }.map(\.row)
    }

    private func sizes(most: Int, classes: Int, task name: String) throws -> [Int] {
        if let sizes = configuration.sizes {
            for size in sizes {
                try require(
                    (2 * classes...most).contains(size), "--rows", size,
                    "from \(2 * classes) (two of each class) to \(most), as many as there are beside "
                        + "those held out")
            }
            return Array(Set(sizes)).sorted()
        }
        guard most >= 4 * classes else {
            throw RunError.fewRows(
                task: name, found: most,
                needed: "\(4 * classes) are needed, four of each class: label some first")
        }
        var sizes: [Int] = []
        // Three sizes at least say how steep the curve is.
        var size = classes * (most >= 32 * classes ? 8 : most >= 16 * classes ? 4 : 2)
        while size <= most {
            sizes.append(size)
            size *= 2
        }
        if let last = sizes.last, most * 4 >= last * 5 { sizes.append(most) }
        return sizes
    }
}
