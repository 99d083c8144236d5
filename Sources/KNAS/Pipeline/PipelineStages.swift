import Encoders
import Features
import Foundation
import Heads
import Results
import Scoring
import Search
import Selection
import Support
import Tasks
import Tensors
import Training

/// The stages of a run, each from what those before it gave.
extension Pipeline {
    /// The root of everything random.
    var key: RandomKey { RandomKey(seed: configuration.seed) }

    /// Reads the task and opens the encoders.
    func prepared(_ watch: Stopwatch) throws -> Preparation {
        try BLAS.reserveMemory(threads: configuration.threads)
        let prepared = try Preparation(
            configuration.input, configuration.space, threads: configuration.threads,
            watch: watch, progress: progress, note: note)
        let training = configuration.selection.training
        if configuration.fineTuning != nil { try prepared.requireClasses(for: "--unfreeze") }
        if training.balancesClasses { try prepared.requireClasses(for: "--balance-classes") }
        if training.labelSmoothing > 0, prepared.dataset.targets.kind == .number {
            try prepared.requireClasses(for: "--label-smoothing")
        }
        return prepared
    }

    /// Reads the task, opens the encoders, and finds out which layers are worth keeping.
    /// - Parameter all: the task and its encoders, where they are open.
    /// - Returns: a pipeline that selects by the task's metric, what it works on, and what each layer
    ///   gave.
    func opened(
        _ watch: Stopwatch = Stopwatch(), _ all: Preparation? = nil
    ) throws -> (Pipeline, Preparation, [LayerFinding]) {
        let all = try all ?? prepared(watch)
        for view in all.views {
            try configuration.fineTuning?.check(layers: view.encoder.configuration.layers)
        }
        var configuration = configuration
        configuration.selection.training = configuration.selection.training(
            rows: all.dataset.train.count)
        configuration.selection.training.criterion = all.dataset.criterion
        configuration.fineTuning?.training.criterion = all.dataset.criterion
        if let few = all.dataset.fewRows {
            let before = configuration.search.candidates
            configuration.narrow(to: few)
            if configuration.search.candidates == 0, before > 0 {
                note("too few rows to tell trained heads apart: exact linear heads answer")
            }
        }
        let pipeline = Pipeline(configuration, progress: progress, note: note)
        guard configuration.input.layers == .automatic else { return (pipeline, all, []) }
        let findings = try watch.time("layers") {
            try LayerProbe(
                threads: configuration.threads, progress: progress, key: key.child("layers")
            ).run(all)
        }
        let prepared = all.reading(findings)
        for view in prepared.views {
            note("layers\(view.name.map { " of \($0)" } ?? ""): \(view.layers)")
        }
        return (pipeline, prepared, findings)
    }

    /// Scores candidates, or takes the head that was given.
    func search(
        _ prepared: Preparation, _ layers: [LayerFinding], _ train: [FeatureSet],
        _ session: RunSession
    ) throws -> RankedCandidates {
        let search = try candidateSearch(prepared, train, layers)
        guard configuration.search.candidates > 0 else { return search.ranked([]) }
        if let head = configuration.head {
            return search.ranked([search.score(try prepared.spaces.genotype(head))])
        }
        let candidates = search.ranked(
            try session.search(
                search, in: prepared.spaces, isClosed: configuration.finishes,
                progress: progress))
        note(
            "scored \(candidates.best.count) of \(candidates.all.count) heads by "
                + "\(candidates.expression)")
        return candidates
    }

    func candidateSearch(
        _ prepared: Preparation, _ train: [FeatureSet], _ layers: [LayerFinding] = []
    ) throws -> CandidateSearch {
        let scorer = try Scorer(
            spaces: prepared.spaces, train: train, proxies: configuration.search.expression.names,
            options: configuration.search.scoring, key: key.child("scoring"))
        return candidateSearch(prepared, configuration.space.limits(for: train), layers) {
            try scorer.score($0, key: $1)
        }
    }

    func candidateSearch(
        _ prepared: Preparation, _ limits: [HeadLimits], _ layers: [LayerFinding] = [],
        score: @escaping @Sendable (Genotype, RandomKey) throws -> Score
    ) -> CandidateSearch {
        var options = CandidateSearch.Options()
        options.candidates = configuration.search.candidates
        options.expression = configuration.search.expression
        options.strategy = configuration.search.strategy
        options.threads = configuration.threads
        options.limits = bounded(limits, prepared)
        options.layers = LayerStandings(
            layers.map {
                LayerStandings.Layer(
                    view: $0.view, layer: $0.layer, crossEntropy: $0.crossEntropy)
            })
        return CandidateSearch(
            spaces: prepared.spaces, options: options, key: key.child("search"), score: score)
    }

    /// What heads may cost: what the user says, else what is usual. A space that is searched in full stays
    /// whole.
    func bounded(_ limits: [HeadLimits], _ prepared: Preparation) -> [HeadLimits] {
        guard configuration.search.strategy != StrategyRegistry.exhaustive,
            configuration.head == nil
        else { return limits }
        return zip(limits, prepared.spaces.spaces).map { $0.usual(in: $1) }
    }

    func trainings(
        _ prepared: Preparation, _ train: [FeatureSet], _ dev: [FeatureSet], _ memo: TrainingMemo
    ) -> HeadTrainings {
        HeadTrainings(
            spaces: prepared.spaces,
            parts: HeldOutParts.views(
                train: train, dev: dev, trainsOnDev: true, together: prepared.together,
                key: key.child("parts")),
            threads: configuration.threads, progress: progress, memo: memo)
    }

    /// Linear heads compete where a search was made for the frozen encoder.
    func select(
        _ candidates: RankedCandidates, _ trainings: HeadTrainings, _ costs: AnswerCosts,
        _ open: OpenRun, _ memo: TrainingMemo
    ) throws -> SelectedHeads {
        let splits = open.splits
        let isGiven = configuration.head != nil
        var everyLayerGround: (@Sendable () throws -> Ground)?
        if let everyLayer = open.everyLayer {
            everyLayerGround = { try ground(everyLayer, memo) }
        }
        let scoring = configuration.search.scoring
        var selection = configuration.selection
        // Those would have to be trained.
        if configuration.finishes, selection.controls == .full { selection.controls = .quick }
        return try HeadSelection(trainings, selection, key: key, note: note).run(
            candidates.best.map(\.genotype), isGiven: isGiven,
            competing: configuration.selection.fitsLinearHeads && !isGiven,
            costs: costs,
            scoring: costs.scoring(
                candidates.all.map(\.genotype), examples: scoring.examples,
                initializations: scoring.initializations,
                outputs: min(trainings.classes, scoring.outputDirections)),
            limits: bounded(configuration.space.limits(for: splits.train), open.prepared),
            test: splits.test, everyLayer: everyLayerGround, watch: open.watch)
    }

    /// The task as random search sees it, which does not know which layers are worth reading; `nil` where
    /// it sees what the search sees, or is not run.
    func everyLayer(
        _ prepared: Preparation, _ findings: [LayerFinding]
    ) -> Preparation? {
        guard configuration.selection.controls == .full, configuration.head == nil,
            !configuration.finishes,
            findings.contains(where: { !$0.isKept })
        else { return nil }
        return prepared.reading(findings) { _ in true }
    }

    /// The same with what fine-tuning begins from.
    func withLayersBelow(_ prepared: Preparation) -> Preparation {
        guard let fineTuning = configuration.fineTuning else { return prepared }
        return Preparation(
            prepared.dataset,
            views: prepared.views.map { view in
                let below = fineTuning.depth.layers(below: view.layers)
                return view.reading(layers: Set(view.layers + below).sorted())
            })
    }

    func ground(_ prepared: Preparation, _ memo: TrainingMemo) throws -> Ground {
        let splits = try prepared.splits()
        return Ground(
            trainings: trainings(prepared, splits.train, splits.dev, memo),
            costs: try AnswerCosts(prepared.views, train: splits.train),
            limits: bounded(configuration.space.limits(for: splits.train), prepared),
            test: splits.test)
    }

    /// What becomes of checkpoints of fine-tuning.
    private var checkpoints: FineTuneCheckpoint.Use {
        if configuration.finishes { return .finish }
        return configuration.mode == .resume || configuration.timeLimit != nil ? .resume : .replace
    }

    func fineTune(
        _ frozen: SelectedHeads, _ trainings: HeadTrainings, _ costs: AnswerCosts,
        _ prepared: Preparation
    ) throws -> SelectedHeads {
        guard let options = configuration.fineTuning else { return frozen }
        return try FineTuneStage(
            options, trainings, configuration.selection, prepared.dataset, prepared.views,
            given: try configuration.head.map { try prepared.spaces.genotype($0) }, costs: costs,
            run: configuration.run, use: checkpoints, key: key, note: note
        ).run(frozen, isGiven: configuration.head != nil)
    }
}
