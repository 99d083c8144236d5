import Encoders
import Features
import Foundation
import Heads
import Metrics
import RunStore
import Scoring
import Search
import Selection
import Support
import Tasks
import Tensors
import Training

/// Scores and trains heads drawn from the space, and measures how well each proxy ranks them.
public struct CorrelationStudy: Sendable {
    private let configuration: CorrelationConfiguration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// A study.
    ///
    /// - Parameters:
    ///   - configuration: the choices of the study.
    ///   - progress: called as the work proceeds; may ask for a stop.
    ///   - note: called with one line about what each stage found.
    public init(
        _ configuration: CorrelationConfiguration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    /// Runs the study and writes `heads.csv`, `linear.csv`, `correlation.json` and
    /// `correlation.html`.
    /// - Throws: the error of the stage that failed; what was finished is kept.
    public func run() throws -> CorrelationResult {
        try configuration.check()
        try BLAS.reserveMemory(threads: configuration.threads)
        let watch = Stopwatch()
        let key = RandomKey(seed: configuration.seed)
        let prepared = try Preparation(
            configuration.input, configuration.space, threads: configuration.threads,
            watch: watch, progress: progress, note: note)
        try prepared.requireClasses(for: "knas correlate")
        let (train, dev) = try watch.time("features") {
            (try prepared.features(.train), try prepared.features(.dev))
        }
        let folds = configuration.folds(devRows: dev[0].count)
        let genotypes = HeadDraw.stratified(
            prepared.spaces, count: configuration.heads,
            limits: configuration.space.limits(for: train), key: key.child("draw"))
        note(
            "\(genotypes.count) heads of a space of \(String(format: "%.2g", prepared.spaces.count)), "
                + "each trained \(configuration.repeats * folds) times for "
                + "\(configuration.training.epochs) epochs")
        let store = try RunStore(
            configuration.directory, identity: configuration.identity(prepared),
            mode: configuration.mode)
        defer { try? store.close() }
        let scores = try watch.time("scoring") {
            try score(genotypes, prepared, train, key)
        }
        try store.enter(stage: "heads")
        let parts = HeldOutParts.views(
            train: train, dev: dev, folds: folds, together: prepared.together,
            key: key.child("folds"))
        let heldOut = Array(folds == 1 ? 0...0 : 1...folds)
        let layerHeads = LayerHeads(
            spaces: prepared.spaces, parts: parts, heldOut: heldOut,
            training: configuration.training, threads: configuration.threads,
            progress: progress, memo: TrainingMemo(store), key: key.child("linear heads"))
        let linear = try watch.time("linear heads") { try layerHeads.run() }
        let trainings = HeadTrainings(
            spaces: prepared.spaces, parts: parts, threads: configuration.threads,
            progress: progress, memo: TrainingMemo(store))
        var records = try watch.time("heads") {
            try self.train(genotypes, scores, trainings, heldOut: heldOut, key.child("train"))
        }
        if let options = configuration.fineTuning {
            records = try watch.time("fine-tuning") {
                try fineTuned(
                    options, records, trainings, prepared, layerHeads, linear, train[0], store,
                    key)
            }
        }
        let known = records.filter { $0.accuracy != nil }
        guard known.count >= 3 else { throw CorrelationError.tooFewHeads(trained: known.count) }
        let result = try summarize(
            known, linear, failed: genotypes.count - known.count, prepared,
            data: data(prepared, train, dev, folds: folds), folds: folds,
            seconds: watch.cost.stages, key.child("intervals"))
        try StudyFiles.write(result, known, linear, to: configuration.directory)
        try store.enter(stage: RunStore.completeStage)
        try store.close()
        return result
    }

    /// Scores by every proxy. They are stored by the scoring's options, separately from the
    /// trainings, so a study with other scoring options need not train again.
    /// - Returns: one for each head; `nil` where it cannot be scored.
    private func score(
        _ genotypes: [Genotype], _ prepared: Preparation, _ train: [FeatureSet], _ key: RandomKey
    ) throws -> [Score?] {
        var options = configuration.scoring
        options.leavesOutUnavailable = true
        let scorer = try Scorer(
            spaces: prepared.spaces, train: train, proxies: ProxyRegistry.all.map(\.name),
            options: options, key: key.child("scoring"))
        let store = try RunStore(
            configuration.scoringDirectory, identity: configuration.scoringIdentity(prepared),
            mode: .resume)
        defer { try? store.close() }
        let known = Dictionary(
            try store.candidates(in: prepared.spaces).map { ($0.id, $0) }
        ) { first, _ in first }
        let counter = WorkCounter(
            stage: "scoring", total: genotypes.count, unit: "heads", progress: progress)
        return try Parallel.map(count: genotypes.count, threads: configuration.threads) {
            index, _ in
            var candidate = known[index + 1]
            if candidate?.genotype != genotypes[index] {
                let new = Candidate(
                    id: index + 1, genotype: genotypes[index],
                    outcome: outcome(genotypes[index], scorer, key))
                try store.append(new)
                candidate = new
            }
            try counter.add(1)
            return candidate?.score
        }
    }

    private func outcome(
        _ genotype: Genotype, _ scorer: Scorer, _ key: RandomKey
    ) -> Candidate.Outcome {
        do {
            return .scored(
                try scorer.score(genotype, key: key.child("score").child(genotype.description)))
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    /// Trains the heads that have a score, every repetition and fold.
    private func train(
        _ genotypes: [Genotype], _ scores: [Score?], _ trainings: HeadTrainings,
        heldOut parts: [Int], _ key: RandomKey
    ) throws -> [HeadRecord] {
        var training = configuration.training
        // The best that a head can reach, whatever the size of the held-out part.
        if training.epochChoice == .automatic { training.epochChoice = .best }
        let places = genotypes.indices.filter { scores[$0] != nil }
        let jobs = places.flatMap { place in
            (0..<configuration.repeats).flatMap { repetition in
                parts.map {
                    TrainingJob(
                        genotype: genotypes[place], configuration: training, part: $0,
                        seed: repetition)
                }
            }
        }
        let outcomes = try trainings.outcomes(jobs, key, stageName: "heads")
        return places.enumerated().compactMap { row, place in
            guard let score = scores[place] else { return nil }
            return HeadRecord(
                index: place, genotype: genotypes[place], score: score,
                trainings: (0..<configuration.repeats).map { repetition in
                    let start = (row * configuration.repeats + repetition) * parts.count
                    return Array(outcomes[start..<start + parts.count])
                })
        }
    }

    /// Fine-tunes the heads, beside the linear head of the best layer.
    private func fineTuned(
        _ options: FineTuneOptions, _ records: [HeadRecord], _ trainings: HeadTrainings,
        _ prepared: Preparation, _ layerHeads: LayerHeads, _ linear: [LayerHeads.Record],
        _ train: FeatureSet, _ store: RunStore, _ key: RandomKey
    ) throws -> [HeadRecord] {
        let view = prepared.views[0]
        guard
            let best =
                linear.filter({ $0.layer > 0 }).min(by: { $0.crossEntropy < $1.crossEntropy }),
            let start = try layerHeads.best(best.layer, view: 0)
        else { throw EncoderError.badUnfrozenCount(count: 1, layers: 0) }
        note(
            "the linear head on layer \(best.layer), which all begin at: dev accuracy "
                + best.accuracy.percentage)
        let heads = try trainings.train(
            records.map {
                TrainingJob(genotype: $0.genotype, configuration: configuration.training)
            }, key.child("start"), stageName: "heads to begin with")
        let scores = try RunStore(
            configuration.scoringDirectory.appendingPathComponent("unfrozen", isDirectory: true),
            identity: configuration.scoringIdentity(prepared), mode: .resume)
        defer { try? scores.close() }
        return try FineTunedHeads(
            options: options, view: view, linear: start,
            linearGenotype: try LinearHeads.head(in: view.space, layer: best.layer),
            examples: Scorer.balanced(
                train.targets.strata, count: min(configuration.scoring.examples, train.count),
                key: key.child("unfrozen examples")), store: store, scores: scores,
            threads: configuration.threads, progress: progress, key: key.child("unfrozen")
        ).run(heads, records)
    }

    private func data(
        _ prepared: Preparation, _ train: [FeatureSet], _ dev: [FeatureSet], folds: Int
    ) -> CorrelationResult.Data {
        let rows = train[0].count
        return CorrelationResult.Data(
            trainingRows: folds == 1 ? rows : rows * (folds - 1) / folds,
            heldOutRows: folds == 1 ? dev[0].count : rows, classes: prepared.spaces.classes,
            views: zip(prepared.views, train).map { view, features in
                let tokens = (0..<rows).reduce(0) { sum, example in
                    (0..<features.segments).reduce(sum) {
                        $0 + features.length(example, segment: $1)
                    }
                }
                return CorrelationResult.View(
                    name: view.name, segments: features.segments,
                    meanTokens: Double(tokens) / Double(max(1, rows)),
                    encoderLayers: view.encoder.configuration.layers)
            })
    }

    private func summarize(
        _ records: [HeadRecord], _ linear: [LayerHeads.Record], failed: Int,
        _ prepared: Preparation, data: CorrelationResult.Data, folds: Int,
        seconds: [String: Double], _ key: RandomKey
    ) throws -> CorrelationResult {
        let accuracies = records.map { $0.accuracy ?? 0 }
        let losses = records.map { $0.loss ?? 0 }
        let heads = records.map { (genotype: $0.genotype, score: $0.score) }
        let layers = LayerHeads.standings(linear)
        let names = Set(records.flatMap { $0.score.values.keys }).sorted()
        let measured = Set(UnfrozenKernel.summaries.map(\.name) + FineTunedHeads.frozenNames)
        var expressions = try names.map {
            measured.contains($0)
                ? ProxyExpression(measured: $0) : try ProxyExpression($0)
        }
        for vote in configuration.votes + [.standard, .learned] where !expressions.contains(vote) {
            expressions.append(vote)
        }
        let entries = expressions.map { expression in
            CorrelationResult.entry(
                expression.description, isDefault: expression == .standard,
                values: expression.combine(heads, layers: layers), accuracies: accuracies,
                losses: losses, key: key.child(expression.description))
        }.sorted { ($0.spearman ?? -2, $1.name) > ($1.spearman ?? -2, $0.name) }
        var ceiling: Double?
        var ceilingInterval: [Double]?
        if configuration.repeats > 1 {
            let first = records.map { $0.accuracy(repetition: 0) ?? 0 }
            let second = records.map { $0.accuracy(repetition: 1) ?? 0 }
            ceiling = RankStatistics.spearman(first, second)
            ceilingInterval =
                RankStatistics.spearmanInterval(first, second, key: key.child("ceiling"))?.bounds
        }
        let mean = accuracies.reduce(0, +) / Double(accuracies.count)
        return CorrelationResult(
            task: prepared.dataset.name, encoder: prepared.encoderNames.joined(separator: ", "),
            data: data, seed: configuration.seed, version: Version.current,
            heads: records.count, failed: failed, folds: folds,
            repeats: configuration.repeats, epochs: configuration.training.epochs,
            accuracies: [accuracies.min() ?? 0, mean, accuracies.max() ?? 0], ceiling: ceiling,
            ceilingInterval: ceilingInterval, proxies: entries, seconds: seconds)
    }
}
