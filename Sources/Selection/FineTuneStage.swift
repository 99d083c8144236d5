import Encoders
import Features
import Foundation
import Graphs
import Heads
import Metrics
import Support
import Tasks
import Training

/// Trains the search's best head, and a linear head for comparison, together with encoder layers,
/// starting from the weights trained on the frozen encoder: one seed after another, each on all
/// threads. What answers then is the better one, the portfolio on the frozen encoder, or both together.
public struct FineTuneStage: Sendable {
    let options: FineTuneOptions
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let dataset: Dataset
    let view: View
    /// Where the view is among those of the trainings.
    private let place: Int
    let costs: AnswerCosts
    /// The run's directory.
    let run: URL
    /// What becomes of existing checkpoints.
    let use: FineTuneCheckpoint.Use
    let key: RandomKey
    /// That of the selection's linear heads.
    private let linearKey: RandomKey
    let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - views: those of the trainings. Of a pair's two, fine-tuning takes that in which both texts are one
    ///     sequence, so that each sees the other in every layer.
    ///   - given: the head that the user gave, which decides the view.
    ///   - costs: what answering costs.
    ///   - run: the directory that checkpoints are kept in.
    ///   - use: what becomes of existing checkpoints.
    ///   - key: the run's.
    ///   - note: called with one line about each seed.
    public init(
        _ options: FineTuneOptions, _ trainings: HeadTrainings,
        _ configuration: SelectionConfiguration, _ dataset: Dataset, _ views: [View],
        given: Genotype?, costs: AnswerCosts, run: URL, use: FineTuneCheckpoint.Use, key: RandomKey,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.trainings = trainings
        self.configuration = configuration
        self.dataset = dataset
        place = given.map(trainings.spaces.index) ?? Self.place(in: views)
        view = views[place]
        self.costs = costs
        self.run = run
        self.use = use
        self.key = key.child("fine-tuning")
        linearKey = key.child("linear")
        self.note = note
    }

    /// Which of some views is fine-tuned, where the user gave no head.
    public static func place(in views: [View]) -> Int {
        views.firstIndex { $0.pairing == .joint } ?? 0
    }

    /// The checkpoints of fine-tuning in a run's directory; a run that was stopped during
    /// fine-tuning has some, a finished one has none.
    public static func checkpoints(inRun run: URL) -> [URL] { FineTuneCheckpoint.find(inRun: run) }

    /// Fine-tunes and chooses what is exported (``TunedAnswer``). Of fine-tuned heads the one that does better on
    /// dev counts, since a ranking on the frozen encoder need not hold here. A head that the user gave is always
    /// exported, by itself.
    ///
    /// The head is gated beside the exact linear head, which training begins at (``FineTuneGraph``), so that
    /// it is the linear head and what training finds.
    ///
    /// - Parameter isGiven: whether the user gave the head.
    /// - Returns: all entries, the fine-tuned ones among them.
    /// - Throws: as ``train(_:beside:role:name:)``.
    public func run(_ selected: SelectedHeads, isGiven: Bool) throws -> SelectedHeads {
        // Nothing is tested here.
        let contest = Contest(
            trainings: trainings, configuration: configuration,
            test: trainings.views.map { $0[0].dev }, key: key)
        guard let linear = try LinearHeads(contest: contest, key: linearKey).start(inView: place)
        else { throw EncoderError.badUnfrozenCount(count: 1, layers: 0) }
        if options.contrastivePairs > 0 {
            try require(
                view.space.context.segments == 1, "--contrastive-pairs", options.contrastivePairs,
                "0 where the texts of a pair are encoded separately (--pairing joint)")
        }
        var result = selected
        var models: [SelectedModel] = []
        do {
            if options.tunesSearched, let head = head(selected, isGiven: isGiven),
                head.genotype != linear.genotype
            {
                models.append(
                    try model(
                        train(
                            head, beside: options.startsLinear ? linear : nil, role: .fineTuned,
                            name: "winner")))
            }
            if options.hasControl || models.isEmpty {
                models.append(
                    try model(train(linear, beside: nil, role: .fineTunedLinear, name: "linear")))
            }
        } catch is LeftOut {
            note("the encoder is trained no further")
            guard !models.isEmpty else { return selected }
        }
        let tuned = models.map { $0.members[0].entry }
        result.entries += tuned
        let best = isGiven || Self.isWorth(tuned) ? 0 : 1
        if tuned.count > 1, !isGiven {
            note(
                best == 0
                    ? "fine-tuned: the \(models[0].role.title) does better on dev"
                    : "fine-tuned: the \(models[1].role.title) answers: the other does not do better "
                        + "on dev in both \(configuration.training.criterion.metric.rawValue) and loss"
            )
        }
        if isGiven, tuned.count > 1, tuned[1].devValue > tuned[0].devValue {
            note(
                "the linear head does better on dev (\(tuned[1].devValue.percentage) to "
                    + "\(tuned[0].devValue.percentage)): --head \"\(linear.genotype)\" makes it the "
                    + "model")
        }
        result.exported =
            isGiven
            ? models[0]
            : try TunedAnswer(
                frozen: selected.exported, tuned: models[best], configuration: configuration,
                leastGain: options.leastGain, costs: costs,
                together: trainings.views[0].groups(ofFirst: 1),
                key: key.child("answer"), note: note
            ).choose()
        // The best single head is compared with anyway.
        let others =
            (isGiven || selected.exported.role == .single ? [] : [selected.exported]) + models
        result.controls += others.filter { $0.role != result.exported.role }
        return result
    }

    /// Whether the first entry answers rather than the second, the plain linear head: where it does no worse in what
    /// decides, and has the lower cross entropy. Dev is small, and the head with fewer weights needs no reason: over
    /// five seeds on MRPC the two are equal on test.
    static func isWorth(_ tuned: [Entry]) -> Bool {
        guard tuned.count > 1, let linear = tuned[1].heldOutScore else { return true }
        guard let head = tuned[0].heldOutScore else { return false }
        return head.value >= linear.value && head.crossEntropy < linear.crossEntropy
    }

    /// The head that is gated beside the linear one: the search's best in the view that is trained, of those that were
    /// trained to the end where there are any, or the one that the user gave; `nil` where there is none but the
    /// linear head.
    private func head(_ selected: SelectedHeads, isGiven: Bool) -> Entry? {
        if isGiven { return selected.single.members[0].entry }
        let searched = selected.entries.filter {
            $0.isSound && trainings.spaces.index(of: $0.genotype) == place
        }
        for roles in [[Role.contestant, .tuning], [.tried]] {
            let heads = searched.filter { roles.contains($0.role) }
            if let best = Entry.ranking(heads).first { return heads[best] }
        }
        return nil
    }

    /// The best seed on dev, or the mean of some, as a model, calibrated on dev.
    private func model(_ entry: Entry) throws -> SelectedModel {
        try SelectedModel(entry.role, entry, isCalibrated: true)
    }

    /// Fine-tunes one head with every seed, from its weights on the frozen encoder, and takes the best on dev, or the
    /// mean of the weights of some.
    ///
    /// - Parameters:
    ///   - linear: the linear head that training begins at; `nil` where the head is one.
    ///   - name: part of the checkpoints' names and of the progress.
    /// - Throws: ``EncoderError``, ``TrainingError``, ``FeatureError``, ``FileError``, `Interrupted`.
    private func train(
        _ entry: Entry, beside linear: Entry?, role: Role, name: String
    ) throws -> Entry {
        let genotype = entry.genotype
        let start = try start(entry, name)
        let (space, encoder, threads) = (view.space, view.encoder, trainings.threads)
        let head = FineTuneGraph.Head(genotype, in: space)
        let other = linear.map { FineTuneGraph.Head($0.genotype, in: space) }
        // What is trained, and what answers: they differ where adapters are trained.
        let graph = try options.graph(
            head, beside: other, encoder: encoder.configuration, hasAdapters: true)
        let plain =
            graph.unfrozen.hasAdapters
            ? try options.graph(head, beside: other, encoder: encoder.configuration) : graph
        let source = view.features.reading(layers: graph.inputLayers)
        let splits = try source.splits()
        let (train, views) = try trainingViews(splits.train, source)
        let tuner = try FineTuner(
            options.training, precision: encoder.precision, threads: threads)
        let before = linear?.replicas[0] ?? start
        note(
            "\(name): dev accuracy \(ClassificationMetrics(before.dev).accuracy.percentage) before the "
                + "encoder is trained")
        let job = Job(
            name: name, graph: graph, plain: plain, head: start.parameters,
            linear: linear?.replicas[0].parameters, train: train, views: views, dev: splits.dev)
        var seeds: [TrainedHead] = []
        for seed in 0..<options.seeds {
            do {
                seeds.append(try self.train(job, tuner, seed))
            } catch is LeftOut where !seeds.isEmpty {
                break
            }
        }
        var result = Entry(
            role, genotype, .fineTuned(options.training), by: options.training.criterion,
            Entry.Reading(
                headLayers: space.layers(of: genotype), inputLayers: graph.inputLayers,
                trainedLayers: graph.unfrozen.layers, linear: other, test: splits.test),
            parameters: plain.graph.trainableCount)
        result.add(seeds[0])
        result = result.answering(seeds)
        guard
            let soup = try WeightSoup.greedy(
                seeds, criterion: options.training.criterion, dev: splits.dev, threads: threads)
        else { return result.reduced(to: result.bestReplica) }
        let dev = ClassificationMetrics(soup.head.dev)
        note(
            "\(name): dev accuracy \(dev.accuracy.percentage) (loss "
                + String(format: "%.3f", dev.loss)
                + ") of the mean of \(soup.count) seeds' weights")
        return result.answering(mean: soup.head, of: soup.count)
    }

    /// What the trainings of a head have in common.
    private struct Job {
        let name: String
        /// What is trained.
        let graph: FineTuneGraph
        /// What answers, without adapters.
        let plain: FineTuneGraph
        /// The head's weights on the frozen encoder.
        let head: ParameterSet
        /// Those of the linear head beside it.
        let linear: ParameterSet?
        let train: FeatureSet
        let views: Int
        let dev: FeatureSet
    }

    /// One seed's training.
    private func train(_ job: Job, _ tuner: FineTuner, _ seed: Int) throws -> TrainedHead {
        let (name, graph, key) = (job.name, job.graph, key.child(job.name).child(seed))
        let weights = try graph.parameters(
            encoder: view.encoder, head: job.head, linear: job.linear, key: key.child("adapters"))
        if options.contrastivePairs > 0, job.linear == nil {
            try warmUp(job, weights, seed, key.child("contrastive"))
        }
        let tuned = try tuner.train(
            graph, start: weights, train: job.train, views: job.views, dev: job.dev,
            classes: view.space.context.classes, key: key,
            checkpoint: checkpoint("\(name)-seed\(seed)")
        ) { state in
            try report(state, name, seed, options.seeds)
        }
        let epochs = tuned.history.map {
            "\($0.devAccuracy.percentage) (loss \(String(format: "%.3f", $0.devCrossEntropy)))"
        }
        note(
            "\(name), seed \(seed): dev accuracy \(epochs.joined(separator: ", "))"
                + (tuned.bestEpoch == 0 ? "; none better than before: left as it was" : ""))
        guard graph.unfrozen.hasAdapters else { return tuned }
        let merged = graph.merged(tuned.parameters, into: job.plain)
        return TrainedHead(
            graph: job.plain.graph, parameters: merged, history: tuned.history,
            bestEpoch: tuned.bestEpoch,
            dev: try BatchedInference(job.plain.graph, merged, threads: trainings.threads)
                .predictions(job.dev))
    }

    /// Trains the encoder by the likeness of pairs first.
    private func warmUp(
        _ job: Job, _ weights: ParameterSet, _ seed: Int, _ key: RandomKey
    ) throws {
        let linear = try ContrastiveWarmUp(
            options.training, pairs: options.contrastivePairs,
            precision: view.encoder.precision, threads: trainings.threads
        ).run(
            job.graph, weights, train: job.train, dev: job.dev,
            classes: view.space.context.classes, key: key,
            checkpoint: checkpoint("\(job.name)-seed\(seed)-pairs")
        ) { step, total in
            try WorkProgress(
                stage: "pairs by likeness", completed: step, total: total, unit: "steps",
                detail: "\(job.name), seed \(seed)"
            ).report(to: trainings.progress)
        }
        note(
            "\(job.name), seed \(seed): dev accuracy \(linear.devAccuracy.percentage) (loss "
                + String(format: "%.3f", linear.devCrossEntropy)
                + ") of a linear head after training on pairs by likeness")
    }

    private func checkpoint(_ name: String) -> FineTuneCheckpoint {
        FineTuneCheckpoint(inRun: run, name: name, use: use)
    }

    /// What every seed starts from: the same weights, so that the mean of what seeds end at makes a model.
    private func start(_ entry: Entry, _ name: String) throws -> TrainedHead {
        entry.recipe.isDeterministic
            ? entry.replicas[0]
            : try trainings.trainSeeds(
                entry.genotype, configuration.training, count: 1, key.child("start"),
                stageName: "\(name), start")[0]
    }

    /// The training examples, in both orders of each pair where requested.
    private func trainingViews(
        _ train: FeatureSet, _ source: FeatureSource
    ) throws -> (FeatureSet, views: Int) {
        guard options.swapsPairs, dataset.hasPairs else { return (train, 1) }
        let swapped = dataset.train.map { example in
            Example(text: example.pair ?? "", pair: example.text, target: example.target)
        }
        return (try source.features(of: dataset.train + swapped), 2)
    }

    private func report(
        _ state: FineTuner.Progress, _ name: String, _ seed: Int, _ count: Int
    ) throws {
        let last = state.history.last.map { ", dev accuracy \($0.devAccuracy.percentage)" } ?? ""
        try WorkProgress(
            stage: "fine-tuning \(name)", completed: seed * state.total + state.step,
            total: count * state.total, unit: "steps", detail: "seed \(seed)\(last)"
        ).report(to: trainings.progress)
    }

    /// Removes the checkpoints of a finished run.
    public static func removeCheckpoints(inRun run: URL) {
        for url in checkpoints(inRun: run) { try? FileManager.default.removeItem(at: url) }
        // Removed only when it is empty.
        _ = rmdir(run.appendingPathComponent("checkpoints").path)
    }
}
