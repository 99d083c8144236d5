import Encoders
import Export
import Features
import Foundation
import Heads
import Metrics
import Scoring
import Search
import Support
import Tasks
import Tensors
import Training

/// A whole run, from files to a model, as one page: each stage takes what the one before gave, a
/// configuration and a key.
public struct Pipeline: Sendable {
    private let configuration: RunConfiguration
    private let progress: ProgressHandler?
    private let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - progress: told how far long stages are; may ask for a stop.
    ///   - note: told one line about what each stage found.
    public init(
        _ configuration: RunConfiguration, progress: ProgressHandler? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.progress = progress
        self.note = note
    }

    /// Runs all stages and writes the run directory.
    /// - Throws: the error of the stage that failed; what was finished before stays.
    public func run() throws -> RunResult {
        try configuration.check()
        let watch = Stopwatch()
        let key = RandomKey(seed: configuration.seed)
        let directory = try RunDirectory(configuration.run)

        let dataset = try watch.time("tasks") { try loadTask() }
        let encoder = try watch.time("encoder") {
            try Encoder(directory: EncoderStore.find(configuration.encoder))
        }
        let resumption = try Resumption(configuration, dataset, encoder, watch, note)
        let splits = try watch.time("features") { try features(dataset, encoder) }
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: encoder.width, classes: dataset.labels.count,
                segments: splits.train.segments),
            maximumBlocks: configuration.maximumBlocks)
        let search = try makeSearch(space, splits.train, key)
        let candidates = try watch.time("search") {
            try findCandidates(search, space, resumption)
        }
        let finalists = search.ranking(candidates).prefix(configuration.keep)
        try directory.writeLeaderboard(
            candidates, ranking: search.ranking(candidates), dev: [:])

        let stage = TrainingStage(
            space: space, train: splits.train, dev: splits.dev, threads: configuration.threads,
            progress: progress, resumption: resumption)
        let controls = try Controls(space: space, keep: configuration.keep, key: key)
        let trained = try watch.time("finalists") {
            try stage.train(
                finalists.map(\.genotype) + controls.genotypes, configuration.finalistTraining,
                key.child("finalists"), stageName: "finalists")
        }
        let winner = try Winner(finalists: Array(trained.prefix(finalists.count)))
        note("best finalist: dev accuracy \(percent(winner.devAccuracy)): \(winner.genotype)")
        let seeds = try watch.time("winner") {
            try stage.trainSeeds(
                winner.genotype, count: configuration.seeds, configuration.training,
                key.child("winner"))
        }
        let probe = try watch.time("probe") {
            try LinearProbe(
                train: splits.train, dev: splits.dev, classes: dataset.labels.count,
                threads: configuration.threads)
        }

        let model = try makeModel(dataset, encoder, space, winner.genotype, seeds)
        let report = ResultBuilder(
            configuration: configuration, dataset: dataset, encoder: encoder, space: space,
            splits: splits, key: key.child("intervals"))
        var result = try watch.time("evaluation") {
            try report.build(
                candidates: candidates, finalists: Array(finalists), trained: trained,
                controls: controls, winner: winner, seeds: seeds, probe: probe,
                cost: watch.cost)
        }
        try directory.writeLeaderboard(
            candidates, ranking: search.ranking(candidates), dev: winner.accuracies)
        try directory.writeModel(model, encoder: encoder, result: result)
        result.cost = watch.cost
        try directory.write(result)
        try resumption.complete(watch.cost)
        return result
    }

    // MARK: Stages

    private func loadTask() throws -> Dataset {
        let definition = try TaskDefinition.load(configuration.task)
        let dataset = try Dataset.load(
            definition, dataDirectory: configuration.data,
            options: Dataset.Options(
                skipBadRows: configuration.skipBadRows, pairing: configuration.pairing,
                maximumTokens: configuration.maximumLength))
        for split in Split.allCases where dataset[split].isEmpty {
            throw RunError.emptySplit(task: dataset.name, split: split.rawValue)
        }
        for warning in dataset.report.warnings { note("warning: \(warning)") }
        note(
            "task \(dataset.name): \(dataset.train.count) train, \(dataset.dev.count) dev, "
                + "\(dataset.test.count) test rows, \(dataset.labels.count) classes")
        return dataset
    }

    private func features(_ dataset: Dataset, _ encoder: Encoder) throws -> SplitFeatures {
        try SplitFeatures(
            dataset: dataset, encoder: encoder, layer: configuration.layer,
            threads: configuration.threads, progress: progress, note: note)
    }

    private func makeSearch(
        _ space: SearchSpace, _ train: FeatureSet, _ key: RandomKey
    ) throws -> CandidateSearch {
        let scorer = try Scorer(
            space: space, train: train, proxies: configuration.expression.names,
            options: configuration.scoring, key: key.child("scoring"))
        var options = CandidateSearch.Options()
        options.candidates = configuration.candidates
        options.expression = configuration.expression
        options.strategy = configuration.strategy
        options.threads = configuration.threads
        return CandidateSearch(space: space, options: options, key: key.child("search")) {
            try scorer.score($0, key: $1)
        }
    }

    /// Searches, or takes the head that was given.
    private func findCandidates(
        _ search: CandidateSearch, _ space: SearchSpace, _ resumption: Resumption
    ) throws -> [Candidate] {
        if let head = configuration.head { return [search.score(try space.genotype(head))] }
        let candidates = try resumption.search(search, in: space, progress: progress)
        let scored = candidates.filter { $0.score != nil }.count
        note("scored \(scored) of \(candidates.count) heads by \(configuration.expression)")
        return candidates
    }

    private func makeModel(
        _ dataset: Dataset, _ encoder: Encoder, _ space: SearchSpace, _ genotype: Genotype,
        _ seeds: [TrainedHead]
    ) throws -> Model {
        let best = seeds[Winner.bestSeed(seeds)]
        return Model(
            configuration: ModelConfiguration(
                task: dataset.name,
                encoder: .init(name: configuration.encoder, digest: encoder.digest),
                layer: configuration.layer ?? encoder.configuration.layers,
                pairing: dataset.pairing ?? .joint, hasPairs: dataset.hasPairs,
                maximumLength: SplitFeatures.maximumLength(dataset), genotype: "\(genotype)",
                labels: dataset.labels, positiveLabel: dataset.positiveLabel,
                width: encoder.width),
            graph: best.graph, parameters: best.parameters)
    }
}

/// A fraction as a percentage with one decimal.
func percent(_ value: Double) -> String {
    String(format: "%.1f%%", value * 100)
}
