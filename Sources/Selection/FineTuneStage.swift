import Encoders
import Features
import Foundation
import Heads
import Metrics
import Support
import Tasks
import Training

/// Trains the search's best head, and a linear head for comparison, together with encoder layers,
/// starting from the weights trained on the frozen encoder: one seed after another, each on all
/// threads.
public struct FineTuneStage: Sendable {
    let options: FineTuneOptions
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let dataset: Dataset
    let view: View
    /// The run's directory.
    let run: URL
    /// Whether existing checkpoints are used.
    let resumes: Bool
    let key: RandomKey
    let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - view: the only one of the trainings.
    ///   - run: the directory that checkpoints are kept in.
    ///   - resumes: whether existing checkpoints are used.
    ///   - key: the run's.
    ///   - note: called with one line about each seed.
    public init(
        _ options: FineTuneOptions, _ trainings: HeadTrainings,
        _ configuration: SelectionConfiguration, _ dataset: Dataset, _ view: View, run: URL,
        resumes: Bool, key: RandomKey, note: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.trainings = trainings
        self.configuration = configuration
        self.dataset = dataset
        self.view = view
        self.run = run
        self.resumes = resumes
        self.key = key.child("fine-tuning")
        self.note = note
    }

    /// The checkpoints of fine-tuning in a run's directory; a run that was stopped during
    /// fine-tuning has some, a finished one has none.
    public static func checkpoints(inRun run: URL) -> [URL] { FineTuneCheckpoint.find(inRun: run) }

    /// Fine-tunes and chooses what is exported: the head that does better on dev, since a ranking
    /// on the frozen encoder need not hold here. A head that the user gave is always exported.
    ///
    /// - Parameter isGiven: whether the user gave the head.
    /// - Returns: all entries, the fine-tuned ones among them.
    /// - Throws: as ``train(_:from:role:name:)``.
    public func run(_ selected: SelectedHeads, isGiven: Bool) throws -> SelectedHeads {
        let frozen = selected.single.members[0].entry
        var result = selected
        let tuned = try train(frozen, role: .fineTuned, name: "winner")
        result.entries.append(tuned)
        result.exported = try model(tuned)
        try compareWithLinear(tuned, &result, isGiven: isGiven)
        let exported = result.exported.members[0].entry
        if frozen.devValue > exported.devValue {
            note(
                "warning: on the frozen encoder the best head does better on dev "
                    + "(\(frozen.devValue.percentage)) than the fine-tuned model "
                    + "(\(exported.devValue.percentage)): a search without --unfreeze exports such a "
                    + "head")
        }
        return result
    }

    /// Fine-tunes a linear head, too, and exports it where it does better on dev.
    private func compareWithLinear(
        _ tuned: Entry, _ result: inout SelectedHeads, isGiven: Bool
    ) throws {
        let linear = try LinearHeads.trainable(in: trainings.spaces[tuned.genotype])
        guard options.hasControl, tuned.genotype != linear else { return }
        let contest = Contest(
            trainings: trainings, configuration: configuration, test: [tuned.reading.test],
            key: key)
        let control = try train(
            contest.entry(.linear, linear), role: .fineTunedLinear, name: "linear")
        result.entries.append(control)
        guard control.devValue > tuned.devValue else {
            result.controls.append(try model(control))
            return
        }
        let found =
            "fine-tuned, the linear head does better on dev (\(control.devValue.percentage) to "
            + "\(tuned.devValue.percentage)): "
        if isGiven {
            note(found + "--head \"\(linear)\" makes it the model")
            result.controls.append(try model(control))
        } else {
            note(found + "it is exported")
            result.controls.append(result.exported)
            result.exported = try model(control)
        }
    }

    /// The best seed on dev as a model, calibrated on dev.
    private func model(_ entry: Entry) throws -> SelectedModel {
        // What it says of dev, not what the first seed says, is what the temperature is for.
        try SelectedModel(entry.role, entry.reduced(to: entry.bestReplica), isCalibrated: true)
    }

    /// Fine-tunes one head, from its weights on the frozen encoder with every seed.
    ///
    /// - Parameter name: part of the checkpoints' names and of the progress.
    /// - Throws: ``EncoderError``, ``TrainingError``, ``FeatureError``, ``FileError``, `Interrupted`.
    private func train(_ entry: Entry, role: Role, name: String) throws -> Entry {
        let genotype = entry.genotype
        let heads = try trainings.trainSeeds(
            genotype, configuration.training, count: configuration.seedsOfOne, key.child("start"),
            stageName: "\(name), seeds")
        let (space, encoder, threads) = (view.space, view.encoder, trainings.threads)
        // A head may read no layer as high as the number of layers to train: all below it then.
        let highest = space.layers(of: genotype).max() ?? 0
        let graph = try FineTuneGraph(
            genotype, in: space, encoder: encoder.configuration,
            count: options.depth.count.map { min($0, max(1, highest)) },
            dropout: options.training.dropout)
        let source = view.features.reading(layers: graph.inputLayers)
        let splits = try source.splits()
        let (train, views) = try trainingViews(splits.train, source)
        let tuner = try FineTuner(options.training, threads: threads)
        var seeds: [TrainedHead] = []
        for (seed, head) in heads.enumerated() {
            let checkpoint = FineTuneCheckpoint(
                inRun: run, name: "\(name)-seed\(seed)", resumes: resumes)
            let tuned = try tuner.train(
                graph, start: graph.parameters(encoder: encoder, head: head.parameters),
                train: train, views: views, dev: splits.dev, classes: space.context.classes,
                key: key.child(name).child(seed), checkpoint: checkpoint
            ) { state in
                try report(state, name, seed, heads.count)
            }
            let accuracies = tuned.history.map { $0.devAccuracy.percentage }
            note(
                "\(name), seed \(seed): dev accuracy "
                    + "\(ClassificationMetrics(head.dev).accuracy.percentage) frozen, then \(accuracies.joined(separator: ", "))"
            )
            seeds.append(tuned)
        }
        var result = Entry(
            role, genotype, .fineTuned(options.training), by: options.training.criterion,
            Entry.Reading(
                headLayers: space.layers(of: genotype), inputLayers: graph.inputLayers,
                trainedLayers: graph.unfrozen.layers, test: splits.test),
            parameters: graph.graph.trainableCount)
        result.add(seeds[0])
        return result.answering(seeds)
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
