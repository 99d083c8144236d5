import Encoders
import Features
import Foundation
import Metrics
import Results
import Scoring
import Selection
import Support
import Tasks
import Tensors
import Training

/// Which encoder suits a task, found out in minutes: on a sample of the training rows a linear head is fitted
/// exactly on every layer of every encoder and judged by rows that it has not seen.
///
///     var configuration = EncoderRanking.Configuration(task: url, encoders: ["multilingual-e5-small"])
///     configuration.rows = 500
///     let result = try EncoderRanking(configuration).run()
public struct EncoderRanking: Sendable {
    /// What is compared.
    public struct Configuration: Sendable {
        /// Where rows come from; its encoders are compared.
        public var input: InputConfiguration
        /// Training rows at most, drawn class by class.
        public var rows = 1_000
        /// Whether an encoder that cannot be used is left out and named instead of ending the work.
        public var skipsUnusable = false
        /// The seed of folds and intervals.
        public var seed: UInt64 = 1
        /// Threads; the accuracies do not depend on it.
        public var threads = Parallel.availableThreads

        /// This project's standard choices.
        public init(task: URL, encoders: [String]) {
            input = InputConfiguration(task: task)
            input.encoders = encoders
            input.layers = .all
        }

        /// - Throws: `BadOption`.
        func check() throws {
            try input.check()
            try require(rows >= 4, "--rows", rows, "4 or more")
            try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
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

    private var key: RandomKey { RandomKey(seed: configuration.seed).child("encoder rank") }

    /// Tries every encoder.
    /// - Throws: `TaskError`, `EncoderError`, `BadOption`, `Interrupted` and the like.
    public func run() throws -> EncoderRankingResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        var tried: [(entry: EncoderRankingResult.Entry, answers: Predictions)] = []
        var failed: [EncoderRankingResult.Failure] = []
        var dataset: Dataset?
        for name in configuration.input.encoders {
            do {
                let prepared = try prepare(name, isFirst: dataset == nil)
                dataset = prepared.dataset
                tried.append(try judge(prepared.views[0], prepared.dataset))
            } catch let error as EncoderError where configuration.skipsUnusable {
                note("warning: \(name) is left out: \(error)")
                failed.append(.init(encoder: name, reason: "\(error)"))
            }
        }
        guard let dataset else {
            throw BadOption(
                name: "--encoders", value: configuration.input.encoders.joined(separator: ","),
                expected: "an encoder that can be used; 'knas doctor' says what is wrong")
        }
        return try result(dataset, tried, failed)
    }

    private func prepare(_ encoder: String, isFirst: Bool) throws -> Preparation {
        var input = configuration.input
        input.encoders = [encoder]
        var limits = RowLimits()
        limits[.train] = configuration.rows
        let note = note
        let prepared = try Preparation(
            input, SpaceConfiguration(), threads: configuration.threads, progress: progress,
            note: { if isFirst { note($0) } })
        try prepared.requireClasses(for: "knas encoder rank")
        return try prepared.limited(to: limits)
    }

    private func judge(
        _ view: View, _ dataset: Dataset
    ) throws -> (EncoderRankingResult.Entry, Predictions) {
        note("\(view.encoderName): \(view.layers.count) hidden states, \(dataset.train.count) rows")
        let rate = try view.features.tokensPerSecond()
        let features = try view.features.features(.train)
        // Rows that share a text are held out together, unless all do.
        let groups = TextGroups(dataset.train).of
        let fit = CrossFit(
            labels: features.labels, groups: Set(groups).count > 1 ? groups : nil,
            threads: configuration.threads, progress: progress,
            key: key.child("fit"))
        let genotypes = try view.layers.map { try LayerProbe.head(in: view.space, layer: $0) }
        let heads = try fit.run(genotypes, in: view.space, features)
        let scores = try Parallel.map(count: heads.count, threads: configuration.threads) {
            place, _ in
            let rows = try ReadoutRows(
                view.space.graph(of: genotypes[place]), features, key: key.child("rows"))
            return LogME.score(
                rows.values, width: rows.width, labels: features.labels,
                classes: view.space.context.classes)
        }
        let findings = heads.indices.map { place in
            let metrics = ClassificationMetrics(heads[place].best)
            return EncoderRankingResult.Layer(
                layer: view.layers[place], accuracy: metrics.accuracy,
                crossEntropy: metrics.crossEntropy, logME: scores[place])
        }
        let best = findings.indices.min {
            (findings[$0].crossEntropy, $1) < (findings[$1].crossEntropy, $0)
        }!
        let answers = try fit.chosen(among: heads)
        let metrics = ClassificationMetrics(answers)
        let entry = EncoderRankingResult.Entry(
            encoder: view.encoderName, accuracy: metrics.accuracy,
            interval: interval(answers), crossEntropy: metrics.crossEntropy, behind: 0,
            layer: findings[best].layer, logME: scores[best], tokensPerSecond: rate,
            bytes: Self.bytes(of: view.encoder.directory), width: view.encoder.width,
            layers: view.encoder.configuration.layers, findings: findings,
            layerCorrelation: Self.correlation(findings))
        return (entry, answers)
    }

    private func interval(_ answers: Predictions) -> [Double] {
        let isRight = answers.correct
        let interval = Bootstrap.interval(count: isRight.count, key: key.child("interval")) {
            rows in
            Double(rows.count { isRight[$0] }) / Double(rows.count)
        }
        return interval?.bounds ?? [0, 1]
    }

    private func result(
        _ dataset: Dataset, _ tried: [(entry: EncoderRankingResult.Entry, answers: Predictions)],
        _ failed: [EncoderRankingResult.Failure]
    ) throws -> EncoderRankingResult {
        let order = tried.indices.sorted { a, b in
            let (x, y) = (tried[a].entry, tried[b].entry)
            return x.accuracy != y.accuracy
                ? x.accuracy > y.accuracy : (x.crossEntropy, a) < (y.crossEntropy, b)
        }
        var entries = order.map { tried[$0].entry }
        for (place, index) in order.enumerated().dropFirst() {
            let comparison = try PairedComparison(
                tried[order[0]].answers, tried[index].answers, key: key.child("behind"))
            entries[place].behind = comparison.difference
            entries[place].behindInterval = comparison.interval.bounds
        }
        let counts = Dictionary(grouping: dataset.train, by: \.label).mapValues(\.count)
        let layers = entries.flatMap(\.findings)
        return EncoderRankingResult(
            task: dataset.name, rows: dataset.train.count,
            folds: min(HeldOutParts.standardFolds, dataset.train.count),
            classes: dataset.labels.count,
            majority: Double(counts.values.max() ?? 0) / Double(max(1, dataset.train.count)),
            seed: configuration.seed, encoders: entries, failed: failed,
            correlation: Self.correlation(entries.map(\.logME), entries.map(\.accuracy)),
            layerCorrelation: Self.correlation(layers))
    }

    private static func correlation(
        _ layers: [EncoderRankingResult.Layer]
    ) -> EncoderRankingResult.Correlation? {
        correlation(layers.map(\.logME), layers.map(\.accuracy))
    }

    /// - Returns: `nil` below three.
    private static func correlation(
        _ scores: [Double?], _ accuracies: [Double]
    ) -> EncoderRankingResult.Correlation? {
        let known = scores.indices.filter { scores[$0] != nil }
        guard known.count >= 3 else { return nil }
        let (x, y) = (known.map { scores[$0]! }, known.map { accuracies[$0] })
        return .init(
            count: known.count, spearman: RankStatistics.spearman(x, y),
            kendall: RankStatistics.kendall(x, y))
    }

    /// Bytes of the files in a directory, those that links lead to included.
    private static func bytes(of directory: URL) -> Int {
        let manager = FileManager.default
        let root = directory.resolvingSymlinksInPath()
        let names = manager.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return names.reduce(0) { sum, name in
            let file = root.appendingPathComponent(name).resolvingSymlinksInPath()
            let attributes = try? manager.attributesOfItem(atPath: file.path)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}
