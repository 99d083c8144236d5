import Features
import Foundation
import Graphs
import Heads
import Metrics
import Support
import Tasks
import Training

extension FineTuneStage {
    /// Fine-tunes one head with every seed, from its weights on the frozen encoder, and takes the best on dev, or the
    /// mean of the weights of some.
    ///
    /// - Parameters:
    ///   - linear: the linear head that training begins at; `nil` where the head is one.
    ///   - name: part of the checkpoints' names and of the progress.
    /// - Throws: ``EncoderError``, ``TrainingError``, ``FeatureError``, ``FileError``, `Interrupted`.
    func train(
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
}
