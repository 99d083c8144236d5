import CKernels
import Features
import Foundation
import Graphs
import Metrics
import Support
import Tensors

/// Trains encoder layers so that mean-pooled texts of one class are alike and those of others are not: the first
/// step of SetFit (Tunstall et al. 2022), for few rows.
///
/// Every row is paired with rows of its own class and with rows of others, as many of each; the squared
/// difference between the cosine of a pair and 1 or 0 is minimised by AdamW. The work grows with the rows, never
/// with all pairs of them. After that the linear head is fitted anew to what the encoder gives then.
///
///     let warmUp = try ContrastiveWarmUp(FineTuneConfiguration(), pairs: 16, threads: 2)
///     let linear = try warmUp.run(model, parameters, train: train, dev: dev, classes: 2, key: key)
public struct ContrastiveWarmUp: Sendable {
    private let configuration: FineTuneConfiguration
    private let pairs: Int
    private let precision: Precision
    private let threads: Int

    /// Pairs of a step.
    private static let batch = 16

    /// - Parameters:
    ///   - configuration: its learning rates, clipping and micro-batches.
    ///   - pairs: for each row; half of them of one class.
    ///   - precision: as ``FineTuner/precision``.
    ///   - threads: the results do not depend on it.
    /// - Throws: `BadOption`.
    public init(
        _ configuration: FineTuneConfiguration, pairs: Int, precision: Precision = .float32,
        threads: Int
    ) throws {
        try configuration.check()
        try precision.checkAvailable()
        try require((2...10_000).contains(pairs), "--contrastive-pairs", pairs, "2 to 10000")
        self.configuration = configuration
        self.pairs = pairs
        self.precision = precision
        self.threads = threads
    }

    /// Trains the encoder's layers in `parameters`, and fits the linear head to what they give.
    ///
    /// - Parameters:
    ///   - model: an exact linear head on mean-pooled texts, by itself.
    ///   - parameters: the weights to start from; trained in place.
    ///   - train: the hidden states of the model's input layers; `dev` likewise.
    ///   - key: decides pairs, their order and dropout.
    ///   - checkpoint: where the weights at the end are kept, and may come from.
    ///   - onProgress: called after every step with the steps done and all; may stop by throwing.
    /// - Returns: what the linear head with the lowest cross entropy on dev is worth there.
    /// - Throws: ``TrainingError``, ``LeftOut``, ``FileError``, ``TensorError``, what `onProgress` throws.
    /// - Precondition: one text, or one sequence of two; rows have one class.
    public func run(
        _ model: FineTuneGraph, _ parameters: ParameterSet, train: FeatureSet, dev: FeatureSet,
        classes: Int, key: RandomKey, checkpoint: FineTuneCheckpoint? = nil,
        onProgress: (Int, Int) throws -> Void = { _, _ in }
    ) throws -> EpochRecord {
        try TrainingError.checkExamples(train: train, dev: dev)
        let digest = FineTuneCheckpoint.digest(
            ["pairs by likeness", "\(precision.rawValue)", "\(classes) classes", "\(pairs) pairs"],
            configuration, model, start: parameters, train: train, dev: dev, key: key)
        if let known = try checkpoint?.load(digest: digest, parameters) {
            parameters.storage.assign(from: known.best)
            return known.history[0]
        }
        let record = try trained(model, parameters, train, dev, classes, key, onProgress)
        try checkpoint?.save(
            FineTuneCheckpoint.State(
                history: [record], bestEpoch: 1, best: parameters.storage, progress: nil),
            digest: digest)
        return record
    }

    private func trained(
        _ model: FineTuneGraph, _ parameters: ParameterSet, _ train: FeatureSet, _ dev: FeatureSet,
        _ classes: Int, _ key: RandomKey, _ onProgress: (Int, Int) throws -> Void
    ) throws -> EpochRecord {
        guard
            let pool = model.graph.nodes.lastIndex(where: {
                if case .pool = $0.primitive { true } else { false }
            }), train.segments == 1
        else { preconditionFailure("a linear head on pooled texts") }
        let embeddings = model.graph.upTo(node: pool)
        let optimizer = AdamW(groups: model.groups(configuration), weightDecay: 0)
        let lanes = try GradientLanes(
            embeddings, parameters, clipNorm: configuration.clipNorm, precision: precision,
            threads: threads)
        let all = drawn(train.targets.strata, key: key.child("pairs"))
        let batches = (0..<all.count).pieces(of: Self.batch)
        for (step, batch) in batches.enumerated() {
            try compute(Array(all[batch]), train, lanes, key.child("dropout").child(step))
            optimizer.update(
                parameters.storage.pointer, gradient: lanes.storage.pointer,
                learningRate: configuration.headLearningRate
                    * configuration.schedule(step: step, of: batches.count), threads: threads)
            try onProgress(step + 1, batches.count)
        }
        guard knas_all_finite(Int64(parameters.storage.count), parameters.storage.pointer) != 0
        else { throw TrainingError.diverged(epoch: 1) }
        return try refitted(model, parameters, train, dev, classes, key)
    }

    /// A pair of rows.
    private struct Pair {
        let first: Int
        let second: Int
        let isAlike: Bool
    }

    /// Pairs of all rows, shuffled. A row that is alone in its class has pairs with others only.
    private func drawn(_ labels: [Int32], key: RandomKey) -> [Pair] {
        var generator = key.generator()
        let rows = Dictionary(grouping: labels.indices) { labels[$0] }
        var result: [Pair] = []
        for row in labels.indices {
            let own = rows[labels[row]]!.filter { $0 != row }
            let others = labels.indices.filter { labels[$0] != labels[row] }
            for place in 0..<pairs {
                let isAlike = place % 2 == 0
                let choice = isAlike ? own : others
                guard !choice.isEmpty else { continue }
                result.append(
                    Pair(
                        first: row, second: choice[generator.index(below: choice.count)],
                        isAlike: isAlike))
            }
        }
        return result.shuffled(using: &generator)
    }

    /// Computes the gradient of the mean loss of some pairs.
    private func compute(
        _ pairs: [Pair], _ train: FeatureSet, _ lanes: GradientLanes, _ key: RandomKey
    ) throws {
        _ = try lanes.compute { lane, executor, gradient in
            let own = stride(from: lane, to: pairs.count, by: MicroBatches.lanes).map { pairs[$0] }
            guard !own.isEmpty else { return }
            let batch = try train.batch(own.flatMap { [$0.first, $0.second] })
            var generator = key.child(lane).generator()
            let rows = executor.forward(
                batch.batch, parameters: lanes.parameters,
                mode: .training(key: generator.next()))
            executor.backward(
                Self.cosineGradient(rows, own, width: train.width, of: pairs.count),
                into: gradient)
        }
    }

    /// Of `(cos(u, v) - y)^2` with respect to `u` and `v`, `[2 pairs, width]`, each pair's two rows side by side.
    private static func cosineGradient(
        _ rows: UnsafePointer<Float>, _ pairs: [Pair], width: Int, of count: Int
    ) -> [Float] {
        var result = [Float](repeating: 0, count: 2 * pairs.count * width)
        for (place, pair) in pairs.enumerated() {
            let (u, v) = (rows + 2 * place * width, rows + (2 * place + 1) * width)
            let size = Int64(width)
            let (uu, vv) = (knas_dot(size, u, u), knas_dot(size, v, v))
            let product = max((uu * vv).squareRoot(), Double.leastNormalMagnitude)
            let cosine = knas_dot(size, u, v) / product
            let slope = 2 * (cosine - (pair.isAlike ? 1 : 0)) / Double(count)
            for i in 0..<width {
                let (a, b) = (Double(u[i]), Double(v[i]))
                result[2 * place * width + i] = Float(
                    slope * (b / product - cosine * a / max(uu, 1e-30)))
                result[(2 * place + 1) * width + i] = Float(
                    slope * (a / product - cosine * b / max(vv, 1e-30)))
            }
        }
        return result
    }

    /// The linear head, fitted exactly to what the encoder gives; its weights are put into `parameters`, too.
    private func refitted(
        _ model: FineTuneGraph, _ parameters: ParameterSet, _ train: FeatureSet,
        _ dev: FeatureSet, _ classes: Int, _ key: RandomKey
    ) throws -> EpochRecord {
        let encoder = model.unfrozen.parameterIndices
        let readout = model.graph.training { id, _ in !encoder.contains(id.index) }
        let start = ParameterSet(readout)
        start.assign(from: parameters)
        let heads = try LogisticPath(
            readout, train: train, dev: dev, classes: classes,
            balancesClasses: configuration.balancesClasses, criterion: configuration.criterion,
            key: key.child("linear"), start: start
        ).heads
        let best = heads.min { $0.history[0].devCrossEntropy < $1.history[0].devCrossEntropy }!
        parameters.assign(from: best.parameters)
        return best.history[0]
    }
}
