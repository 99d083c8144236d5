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
    let configuration: RunConfiguration
    let progress: ProgressHandler?
    let note: @Sendable (String) -> Void

    /// A run, not begun yet.
    ///
    /// - Parameters:
    ///   - configuration: all choices of the run.
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
        defer { resumption.close() }
        let layers = try configuration.layers.layers(of: encoder.configuration.layers)
        let splits = try watch.time("features") { try features(dataset, encoder, layers) }
        let space = try space(dataset, encoder, layers)
        let search = try makeSearch(space, splits.train, key)
        let candidates = try watch.time("search") {
            try findCandidates(search, space, resumption)
        }
        let finalists = search.ranking(candidates).prefix(configuration.keep)
        try directory.writeLeaderboard(
            candidates, ranking: search.ranking(candidates), dev: [:])

        let stage = trainingStage(
            space, train: splits.train, dev: splits.dev, key, resumption)
        let searched = try watch.time("winner") {
            try development(stage, key).run(
                finalists.map(\.genotype), name: HeadDevelopment.finalists)
        }
        let met = try watch.time("meeting") {
            try meet(searched, stage, key.child("meeting"))
        }
        let winner = met?.winner ?? searched
        note("winner: \(winner.genotype)")
        var controls = try watch.time("controls") {
            try trainControls(space, stage, splits, key)
        }
        controls.met = met
        let fineTuned = try watch.time("fine-tuning") {
            try fineTune(winner, stage, dataset, encoder, key.child("fine-tuning"))
        }
        var model = try makeModel(dataset, encoder, space, winner)
        if let fineTuned {
            model = try Model(fineTuned.winner, model.configuration, encoder: encoder)
        }
        let report = ResultBuilder(
            configuration: configuration, dataset: dataset, encoder: encoder, space: space,
            splits: splits, key: key.child("intervals"))
        var (result, test) = try watch.time("evaluation") {
            try report.build(
                candidates: candidates, finalists: Array(finalists), winner: winner,
                controls: controls, cost: watch.cost)
        }
        if let fineTuned, let options = configuration.fineTuning {
            (result.finetuned, test) = try watch.time("evaluation") {
                try report.fineTuned(fineTuned, frozen: winner.seeds, training: options.training)
            }
        }
        try directory.writeLeaderboard(
            candidates, ranking: search.ranking(candidates), dev: winner.accuracies)
        try directory.writeModel(
            model, encoder: encoder, result: result,
            task: TaskDefinition.load(configuration.task),
            includesEncoder: configuration.fineTuning?.isStandalone ?? false)
        result.cost = watch.cost
        let page = ReportBuilder(
            configuration: configuration, space: space, ranking: search.ranking(candidates),
            winner: winner, random: controls.random,
            exported: fineTuned?.winner.genotype ?? winner.genotype)
        try directory.write(result, page.content(result, test: test))
        FineTuneStage.removeCheckpoints(inRun: configuration.run)
        try resumption.complete(watch.cost)
        return result
    }

    // MARK: Stages

    func loadTask() throws -> Dataset {
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

    func features(
        _ dataset: Dataset, _ encoder: Encoder, _ layers: [Int]
    ) throws -> SplitFeatures {
        try SplitFeatures(source(dataset, encoder, layers))
    }

    func source(_ dataset: Dataset, _ encoder: Encoder, _ layers: [Int]) -> FeatureSource {
        FeatureSource(
            dataset: dataset, encoder: encoder, layers: layers,
            threads: configuration.threads, progress: progress, note: note)
    }

    func space(_ dataset: Dataset, _ encoder: Encoder, _ layers: [Int]) throws -> SearchSpace {
        let context = HeadContext(
            inputWidth: encoder.width, classes: dataset.labels.count,
            segments: dataset.segments, layers: layers)
        let blocks = configuration.maximumBlocks
        guard let operations = configuration.operations else {
            return SearchSpace(context: context, maximumBlocks: blocks)
        }
        return try SearchSpace(
            context: context, maximumBlocks: blocks, operations: operations)
    }

    func makeSearch(
        _ space: SearchSpace, _ train: FeatureSet, _ key: RandomKey
    ) throws -> CandidateSearch {
        let scorer = try Scorer(
            space: space, train: train, proxies: configuration.expression.names,
            options: configuration.scoring, key: key.child("scoring"))
        return makeSearch(space, configuration.limits(for: train), key) {
            try scorer.score($0, key: $1)
        }
    }

    func makeSearch(
        _ space: SearchSpace, _ limits: HeadLimits, _ key: RandomKey,
        score: @escaping @Sendable (Genotype, RandomKey) throws -> Score
    ) -> CandidateSearch {
        var options = CandidateSearch.Options()
        options.candidates = configuration.candidates
        options.expression = configuration.expression
        options.strategy = configuration.strategy
        options.threads = configuration.threads
        options.limits = limits
        return CandidateSearch(
            space: space, options: options, key: key.child("search"), score: score)
    }

    func trainingStage(
        _ space: SearchSpace, train: FeatureSet, dev: FeatureSet, _ key: RandomKey,
        _ resumption: Resumption
    ) -> TrainingStage {
        TrainingStage(
            space: space, parts: HeldOutParts(train: train, dev: dev, key: key.child("parts")),
            threads: configuration.threads, progress: progress, resumption: resumption)
    }

    func development(_ stage: TrainingStage, _ key: RandomKey) -> HeadDevelopment {
        HeadDevelopment(
            stage: stage, configuration: configuration, key: key.child("development"))
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

    /// Lets the search's best head meet linear heads that are fitted exactly. A head that the user
    /// gave, and one that encoder layers will be trained with, stay what they are.
    private func meet(
        _ searched: HeadDevelopment.Outcome, _ stage: TrainingStage, _ key: RandomKey
    ) throws -> LogisticContest.Result? {
        guard configuration.meetsLinearHeads, configuration.head == nil,
            configuration.fineTuning == nil
        else { return nil }
        let contest = LogisticContest(stage: stage, configuration: configuration, key: key)
        guard let result = try contest.run(against: searched) else {
            note("linear heads were not fitted: too many training rows for an exact fit")
            return nil
        }
        let (won, lost) = (percent(result.winnerAccuracy), percent(result.loserAccuracy))
        note(
            result.winner.isFittedExactly
                ? "held-out rows: best linear head \(won), search \(lost): the linear head wins"
                : "held-out rows: search \(won), best linear head \(lost)")
        return result
    }

    private func trainControls(
        _ space: SearchSpace, _ stage: TrainingStage, _ splits: SplitFeatures, _ key: RandomKey
    ) throws -> TrainedControls {
        let controls = try Controls(
            space: space, keep: configuration.keep,
            limits: configuration.limits(for: splits.train), key: key)
        let probe = try LinearProbe(
            train: splits.train, dev: splits.dev, classes: space.context.classes,
            threads: configuration.threads, progress: progress)
        let jobs = (0..<configuration.seeds).map {
            TrainingJob(
                genotype: controls.mlp, configuration: configuration.training, seed: $0)
        }
        let mlp = try stage.train(jobs, key.child("mlp"), stageName: "control: mlp")
        // The same way as the finalists', but for what scoring adds.
        let random =
            configuration.head == nil
            ? try HeadDevelopment(
                stage: stage, configuration: configuration, key: key.child("random")
            ).run(controls.random, name: "control: random") : nil
        return TrainedControls(
            probe: probe, mlp: mlp.compactMap(\.head), mlpGenotype: controls.mlp, random: random)
    }

    /// Trains encoder layers with the winner, and with a linear head, where that is wanted. The model
    /// is made of the one that does better on dev: what ranks heads on a frozen encoder need not rank
    /// them here. A head that the user gave stays what it is.
    private func fineTune(
        _ outcome: HeadDevelopment.Outcome, _ training: TrainingStage, _ dataset: Dataset,
        _ encoder: Encoder, _ key: RandomKey
    ) throws -> FineTunedHeads? {
        guard let options = configuration.fineTuning else { return nil }
        let stage = FineTuneStage(
            options: options, dataset: dataset, encoder: encoder, space: training.space,
            run: configuration.run, resumes: configuration.mode == .resume,
            threads: configuration.threads, progress: progress, note: note)
        let winner = try stage.train(
            outcome.genotype, from: outcome.seeds, name: "winner", key)
        let linear = try FineTuneStage.linear(in: training.space)
        guard options.hasControl, winner.genotype != linear else {
            return FineTunedHeads(winner: winner, control: nil, controlName: "")
        }
        let jobs = (0..<configuration.seeds).map {
            TrainingJob(genotype: linear, configuration: configuration.training, seed: $0)
        }
        let heads = try training.train(jobs, key.child("linear"), stageName: "linear head")
            .compactMap(\.head)
        let control = try stage.train(linear, from: heads, name: "linear", key)
        guard control.devAccuracy > winner.devAccuracy else {
            return FineTunedHeads(winner: winner, control: control, controlName: "linear")
        }
        let found =
            "fine-tuned, the linear head does better on dev "
            + "(\(percent(control.devAccuracy)) to \(percent(winner.devAccuracy))): "
        guard configuration.head == nil else {
            note(found + "--head \"\(linear)\" makes it the model")
            return FineTunedHeads(winner: winner, control: control, controlName: "linear")
        }
        note(found + "it is the model")
        return FineTunedHeads(winner: control, control: winner, controlName: "searched")
    }

    private func makeModel(
        _ dataset: Dataset, _ encoder: Encoder, _ space: SearchSpace,
        _ winner: HeadDevelopment.Outcome
    ) throws -> Model {
        let heads = winner.exported(together: configuration.averagesSeeds)
        if configuration.averagesSeeds {
            note(
                heads.count > 1
                    ? "the model averages the heads of \(heads.count) seeds"
                    : "every seed gives the same head: the model has one")
        }
        let genotype = winner.genotype
        let modelConfiguration = ModelConfiguration(
            task: dataset.name,
            encoder: .init(name: configuration.encoder, digest: encoder.digest),
            layers: space.layers(of: genotype), pairing: dataset.pairing ?? .joint,
            hasPairs: dataset.hasPairs, maximumLength: SplitFeatures.maximumLength(dataset),
            genotype: "\(genotype)", labels: dataset.labels,
            positiveLabel: dataset.positiveLabel, width: encoder.width)
        // The model's graph has only the layers that the head reads; the parameters are the same.
        let graph = SearchSpace(context: modelConfiguration.context).graph(of: genotype)
        return Model(
            configuration: modelConfiguration, graph: graph, ensemble: heads.map(\.parameters))
    }
}

/// A fraction as a percentage with one decimal.
func percent(_ value: Double) -> String {
    String(format: "%.1f%%", value * 100)
}
