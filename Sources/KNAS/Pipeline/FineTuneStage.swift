import Encoders
import Features
import Foundation
import Heads
import Metrics
import Support
import Tasks
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A head that was trained together with encoder layers, with several seeds.
struct FineTunedHead: Sendable {
    let genotype: Genotype
    let unfrozen: ClosedRange<Int>
    /// The head's layers and the graph's, for the model that is written.
    let headLayers: [Int]
    let inputLayers: [Int]
    let seeds: [TrainedHead]
    /// Features of the test split for the graph, not read before the result is put together.
    let test: FeatureSet

    /// Mean of the seeds.
    var devAccuracy: Double {
        seeds.reduce(0) { $0 + ClassificationMetrics($1.dev).accuracy }
            / Double(max(1, seeds.count))
    }
}

/// Fine-tunes the winner, and a linear head for comparison, from the weights that training on the frozen
/// encoder gave: seed after seed, each on all threads.
struct FineTuneStage {
    let options: FineTuneOptions
    let dataset: Dataset
    let encoder: Encoder
    let space: SearchSpace
    /// The run's directory.
    let run: URL
    /// Whether checkpoints that are there are used.
    let resumes: Bool
    let threads: Int
    let progress: ProgressHandler?
    let note: @Sendable (String) -> Void

    /// Mean pooling, for pairs that are encoded apart `[u, v, |u - v|, u * v]`, and a linear layer, on
    /// the highest layer: what most people fine-tune.
    static func linear(in space: SearchSpace) throws -> Genotype {
        return try space.genotype(
            "projection(width=full) > \(space.pooledMeans) > classifier(hidden=0)")
    }

    /// The checkpoints of fine-tuning in a run's directory; a run that was stopped while it
    /// fine-tuned has some, a finished one none.
    static func checkpoints(inRun run: URL) -> [URL] { FineTuneCheckpoint.find(inRun: run) }

    /// Fine-tunes one head.
    ///
    /// - Parameters:
    ///   - heads: what training on the frozen encoder gave, a start for each seed.
    ///   - name: part of the checkpoints' names and of the progress.
    /// - Throws: ``EncoderError``, ``TrainingError``, ``FeatureError``, ``FileError``, `Interrupted`.
    func train(
        _ genotype: Genotype, from heads: [TrainedHead], name: String, _ key: RandomKey
    ) throws -> FineTunedHead {
        let graph = try FineTuneGraph(
            genotype, in: space, encoder: encoder.configuration, count: options.depth.count,
            dropout: options.training.dropout)
        let splits = try SplitFeatures(
            dataset: dataset, encoder: encoder, layers: graph.inputLayers, threads: threads,
            progress: progress, note: note)
        let (train, views) = try trainingViews(splits.train, layers: graph.inputLayers)
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
            let accuracies = tuned.history.map { percent($0.devAccuracy) }
            note(
                "\(name), seed \(seed): dev accuracy \(percent(ClassificationMetrics(head.dev).accuracy))"
                    + " frozen, then \(accuracies.joined(separator: ", "))")
            seeds.append(tuned)
        }
        return FineTunedHead(
            genotype: genotype, unfrozen: graph.unfrozen.layers,
            headLayers: space.layers(of: genotype), inputLayers: graph.inputLayers, seeds: seeds,
            test: splits.test)
    }

    /// The training examples, where wanted in both orders of each pair.
    private func trainingViews(
        _ train: FeatureSet, layers: [Int]
    ) throws -> (FeatureSet, views: Int) {
        guard options.swapsPairs, dataset.hasPairs else { return (train, 1) }
        let swapped = dataset.train.map { example in
            Example(
                text: example.pair ?? "", pair: example.text, label: example.label)
        }
        let both = try FeatureCache(encoder: encoder, threads: threads).features(
            of: dataset.train + swapped, FeatureConfiguration(dataset, layers: layers),
            progress: progress
        ) { note("rebuilding: \($0)") }
        return (both, 2)
    }

    private func report(
        _ state: FineTuner.Progress, _ name: String, _ seed: Int, _ count: Int
    ) throws {
        let last = state.history.last.map { ", dev accuracy \(percent($0.devAccuracy))" } ?? ""
        try WorkProgress(
            stage: "fine-tuning \(name)", completed: seed * state.total + state.step,
            total: count * state.total, unit: "steps", detail: "seed \(seed)\(last)"
        ).report(to: progress)
    }

    /// Removes the checkpoints of a run that is finished.
    static func removeCheckpoints(inRun run: URL) {
        for url in checkpoints(inRun: run) { try? FileManager.default.removeItem(at: url) }
        // Gone only when nothing else is in it.
        _ = rmdir(run.appendingPathComponent("checkpoints").path)
    }
}
