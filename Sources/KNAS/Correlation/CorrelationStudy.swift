import Encoders
import Features
import Foundation
import Heads
import Metrics
import Scoring
import Support
import Tasks
import Training

/// Scores and trains heads drawn from the space, and tells how well each proxy ranks them.
public struct CorrelationStudy: Sendable {
    private let configuration: CorrelationConfiguration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// A study.
    ///
    /// - Parameters:
    ///   - configuration: the choices of the study.
    ///   - progress: told how far it is; may ask for a stop.
    ///   - note: told one line about what each stage found.
    public init(
        _ configuration: CorrelationConfiguration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    /// Runs the study and writes `heads.csv`, `correlation.json` and `correlation.html`.
    /// - Throws: the error of the stage that failed; heads that were finished stay in the journal.
    public func run() throws -> CorrelationResult {
        try configuration.check()
        let run = configuration.run
        let watch = Stopwatch()
        let key = RandomKey(seed: run.seed)
        let directory = try RunDirectory(run.run)
        let pipeline = Pipeline(run, progress: progress, note: note)
        let dataset = try watch.time("tasks") { try pipeline.loadTask() }
        let encoder = try watch.time("encoder") {
            try Encoder(directory: EncoderStore.find(run.encoder))
        }
        let layers = try run.layers.layers(of: encoder.configuration.layers)
        let splits = try watch.time("features") {
            try pipeline.features(dataset, encoder, layers)
        }
        let space = try pipeline.space(dataset, encoder, layers)
        let folds =
            configuration.folds
            ?? (splits.dev.count < CorrelationConfiguration.smallDev
                ? CorrelationConfiguration.standardFolds : 1)
        let genotypes = HeadDraw.stratified(
            space, count: configuration.heads, limits: run.limits(for: splits.train),
            key: key.child("draw"))
        note(
            "\(genotypes.count) heads of a space of \(String(format: "%.2g", space.count)), each "
                + "trained \(configuration.repeats * folds) times for \(run.training.epochs) epochs"
        )

        let journal = try StudyJournal(
            directory.url.appendingPathComponent("heads.jsonl"),
            identity: identity(encoder, splits, layers, folds), repeats: configuration.repeats,
            resume: configuration.resume)
        var scoringOptions = run.scoring
        scoringOptions.leavesOutUnavailable = true
        var training = run.training
        // What a head can reach, whatever the size of the held-out part.
        if training.epochChoice == .automatic { training.epochChoice = .best }
        let worker = StudyWorker(
            space: space, splits: splits, folds: folds, repeats: configuration.repeats,
            scorer: try Scorer(
                space: space, train: splits.train, proxies: ProxyRegistry.all.map(\.name),
                options: scoringOptions, key: key.child("scoring")),
            scoring: scoringIdentity, trainer: try HeadTrainer(training), key: key)
        let scoringIdentity = scoringIdentity
        let counter = EpochCounter(
            stage: "heads", total: genotypes.count, unit: "heads", progress: progress)
        // The largest first, so that the threads end together.
        let records = try watch.time("heads") {
            try Parallel.map(count: genotypes.count, threads: run.threads) {
                place, _ -> HeadRecord? in
                let index = genotypes.count - 1 - place
                let old = journal.finished[index]
                if let old, old.scoring == scoringIdentity {
                    try counter.add(1)
                    return old
                }
                let record = try worker.study(
                    genotypes[index], index: index, trainings: old?.trainings
                ) { try counter.add(0) }
                if let record { try journal.append(record) }
                try counter.add(1)
                return record
            }
        }
        let known = records.compactMap { $0 }.filter { $0.accuracy != nil }
            .sorted { $0.index < $1.index }
        guard known.count >= 3 else { throw CorrelationError.tooFewHeads(trained: known.count) }
        var result = try summarize(known, dataset, folds: folds, key.child("intervals"))
        result.failed = genotypes.count - known.count
        result.seconds = watch.cost.stages
        try StudyFiles.write(result, known, to: directory.url)
        return result
    }

    /// Everything that decides the scores of a head.
    private var scoringIdentity: String {
        let run = configuration.run
        return "\(run.scoring) \(ProxyRegistry.all.map(\.name)) \(Version.current)"
    }

    /// Everything that decides which heads there are and what training makes of them.
    private func identity(
        _ encoder: Encoder, _ splits: SplitFeatures, _ layers: [Int], _ folds: Int
    ) -> String {
        let run = configuration.run
        var builder = DigestBuilder()
        builder.add("study 1 \(Version.current)")
        builder.add(encoder.digest)
        builder.add("\(layers) \(folds) \(configuration.repeats) \(configuration.heads)")
        builder.add("\(run.training) \(run.maximumBlocks) \(run.seed)")
        builder.add(
            "\(run.maximumParameters ?? -1)\(run.restriction) \(splits.train.labels) \(splits.dev.labels)"
        )
        return builder.hexadecimal()
    }

    private func summarize(
        _ records: [HeadRecord], _ dataset: Dataset, folds: Int, _ key: RandomKey
    ) throws -> CorrelationResult {
        let accuracies = records.map { $0.accuracy ?? 0 }
        let losses = records.map { $0.loss ?? 0 }
        let scores = records.map { Score(values: $0.scores, parameters: $0.parameters) }
        var expressions = try Set(records.flatMap { $0.scores.keys }).sorted().map {
            try ProxyExpression($0)
        }
        for vote in configuration.votes + [.standard] where !expressions.contains(vote) {
            expressions.append(vote)
        }
        let entries = expressions.map { expression in
            CorrelationResult.entry(
                expression.description, isDefault: expression == .standard,
                values: expression.combine(scores), accuracies: accuracies, losses: losses,
                key: key.child(expression.description))
        }.sorted { ($0.spearman ?? -2, $1.name) > ($1.spearman ?? -2, $0.name) }
        var ceiling: Double?
        var ceilingInterval: [Double]?
        if configuration.repeats > 1 {
            let first = records.map { $0.trainings[0].accuracy ?? 0 }
            let second = records.map { $0.trainings[1].accuracy ?? 0 }
            ceiling = RankStatistics.spearman(first, second)
            ceilingInterval =
                RankStatistics.spearmanInterval(first, second, key: key.child("ceiling"))?.bounds
        }
        let mean = accuracies.reduce(0, +) / Double(accuracies.count)
        return CorrelationResult(
            task: dataset.name, encoder: configuration.run.encoder, seed: configuration.run.seed,
            version: Version.current, heads: records.count, failed: 0, folds: folds,
            repeats: configuration.repeats, epochs: configuration.run.training.epochs,
            accuracies: [accuracies.min() ?? 0, mean, accuracies.max() ?? 0], ceiling: ceiling,
            ceilingInterval: ceilingInterval, proxies: entries, seconds: [:])
    }
}
