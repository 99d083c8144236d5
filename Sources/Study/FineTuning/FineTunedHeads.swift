import Features
import Foundation
import Heads
import Metrics
import RunStore
import Scoring
import Search
import Selection
import Support
import Training

/// Fine-tunes the heads of a study with the encoder, each beside the exact linear head, and scores them before
/// that by what the whole model's gradient kernel says (``UnfrozenKernel``).
///
/// How a head does on the frozen encoder becomes two more proxies, `frozen-accuracy` and `frozen-loss`: what a
/// search without the kernel would rank by. `random` is an order that knows nothing.
struct FineTunedHeads {
    let options: FineTuneOptions
    let view: View
    /// The exact linear head that all begin at, fitted on train.
    let linear: TrainedHead
    let linearGenotype: Genotype
    /// Examples that the kernel is of.
    let examples: [Int]
    let store: RunStore
    /// Where scores are kept.
    let scores: RunStore
    let threads: Int
    let progress: ProgressHandler?
    let key: RandomKey

    /// Names of the scores that come from trainings on the frozen encoder.
    static let frozenNames = ["frozen-accuracy", "frozen-loss", "random"]

    /// - Parameters:
    ///   - heads: trained on the frozen encoder.
    ///   - records: what is known of them.
    /// - Returns: the records with the outcome of fine-tuning, and with more scores.
    /// - Throws: `TrainingError`, `FeatureError`, `EncoderError`, `RunStoreError`, `Interrupted`.
    func run(_ heads: [TrainedHead?], _ records: [HeadRecord]) throws -> [HeadRecord] {
        // A head on the embeddings by itself has nothing of the encoder to train.
        let able = zip(records, heads).compactMap { record, head in
            highestLayer(record.genotype) > 0 ? head.map { (record, $0) } : nil
        }
        let models = try able.map { try model($0.0.genotype) }
        let kernels = try kernels(able, models)
        let counter = WorkCounter(
            stage: "fine-tuning", total: able.count * options.training.epochs, progress: progress)
        let tuner = try FineTuner(
            options.training, precision: view.encoder.precision, threads: threads)
        return try able.indices.map { place in
            let (record, head) = able[place]
            let outcome = try outcome(record.genotype, models[place], head, tuner, counter)
            var values = record.score.values
            for (name, value) in kernels[place] { values[name] = ScoreSummary([value]) }
            let frozen = ClassificationMetrics(head.dev)
            var generator = key.child("random").child(record.index).generator()
            let known = zip(
                Self.frozenNames,
                [frozen.accuracy, -frozen.loss, Double(generator.next() >> 11) * 0x1p-53])
            for (name, value) in known { values[name] = ScoreSummary([value]) }
            return HeadRecord(
                index: record.index, genotype: record.genotype,
                score: Score(values: values, parameters: record.score.parameters),
                trainings: [[outcome]])
        }
    }

    /// The highest hidden state that a head reads, or the linear head beside it.
    private func highestLayer(_ genotype: Genotype) -> Int {
        let beside = options.startsLinear ? view.space.layers(of: linearGenotype) : []
        return (view.space.layers(of: genotype) + beside).max() ?? 0
    }

    private func model(_ genotype: Genotype) throws -> FineTuneGraph {
        try options.graph(
            FineTuneGraph.Head(genotype, in: view.space),
            beside: options.startsLinear
                ? FineTuneGraph.Head(linearGenotype, in: view.space) : nil,
            encoder: view.encoder.configuration)
    }

    /// The kernel's scores of each head, computed once.
    private func kernels(
        _ heads: [(HeadRecord, TrainedHead)], _ models: [FineTuneGraph]
    ) throws -> [[String: Double]] {
        let known = Dictionary(
            try scores.candidates(in: SearchSpaces([view.space])).map { ($0.genotype, $0) }
        ) { first, _ in first }
        let counter = WorkCounter(
            stage: "kernels of the whole model", total: heads.count, unit: "heads",
            progress: progress)
        return try Parallel.map(count: heads.count, threads: threads) { place, _ in
            let (record, head) = heads[place]
            defer { try? counter.add(1) }
            if let score = known[record.genotype]?.score {
                return score.values.mapValues(\.mean)
            }
            let train = try view.features.reading(layers: models[place].inputLayers)
                .features(.train)
            let kernel = UnfrozenKernel(
                encoder: view.encoder, batch: try train.batch(examples),
                classes: view.space.context.classes, key: key.child("kernel"))
            let values = try kernel.scores(
                models[place], head: head.parameters, linear: linear.parameters)
            try scores.append(
                Candidate(
                    id: record.index + 1, genotype: record.genotype,
                    outcome: .scored(
                        Score(
                            values: values.mapValues { ScoreSummary([$0]) },
                            parameters: record.score.parameters))))
            return values
        }
    }

    /// `nil` where a training diverges.
    private func outcome(
        _ genotype: Genotype, _ model: FineTuneGraph, _ head: TrainedHead, _ tuner: FineTuner,
        _ counter: WorkCounter
    ) throws -> TrainingOutcome? {
        let place = TrainingKey(
            stage: "fine-tuning", index: 0, genotype: genotype.description)
        do {
            return try store.outcome(
                place, onEpoch: { _ in try counter.add(1) },
                training: { onEpoch in
                    let source = view.features.reading(layers: model.inputLayers)
                    let tuned = try tuner.train(
                        model,
                        start: model.parameters(
                            encoder: view.encoder, head: head.parameters, linear: linear.parameters),
                        train: source.features(.train), dev: source.features(.dev),
                        classes: view.space.context.classes,
                        key: key.child("fine-tuning").child(genotype.description),
                        // What is asked is where training ends.
                        startCompetes: false
                    ) { _ in try counter.add(0) }
                    for record in tuned.history { try onEpoch(record) }
                    return tuned
                })
        } catch TrainingError.diverged {
            return nil
        }
    }
}
