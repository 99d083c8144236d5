import Encoders
import Features
import Foundation
import Graphs
import Heads
import Metrics
import Scoring
import Support
import Tensors
import Training

/// What the gradient kernel of a head and its encoder says before the encoder is trained: proxies for
/// fine-tuning.
///
/// The kernel is that of the whole model after linear probing (LP-FT, Tomihari and Sato, NeurIPS 2024): the
/// head's weights are those that were trained on the frozen encoder, its gate beside the linear head is open.
/// Of the encoder, the gradients of biases and layer norms are taken, of all layers: a few thousand numbers that
/// see what all of them see. Nothing of the encoder is trained.
struct UnfrozenKernel {
    /// Names of the proxies, and what each is.
    static let summaries: [(name: String, summary: String)] = [
        (
            "unfrozen-alignment",
            "centred alignment of the whole model's output kernel with the labels"
        ),
        ("unfrozen-regression", "minus the held-out error of kernel regression with it"),
        (
            "unfrozen-transfer",
            "how much a gradient step on one half lowers the loss of the other, for its length"
        ),
        ("unfrozen-trace", "logarithm of the encoder's share of the output kernel's trace"),
    ]

    let encoder: Encoder
    /// The hidden states that graphs read, of the examples that are scored.
    let batch: FeatureBatch
    let classes: Int
    let key: RandomKey

    /// Scores a head.
    /// - Parameters:
    ///   - model: the head beside the linear one.
    ///   - head: weights of the head, trained on the frozen encoder.
    ///   - linear: those of the linear head.
    /// - Returns: by name.
    /// - Throws: `EncoderError`, `TensorError`, `ScoringError`.
    func scores(
        _ model: FineTuneGraph, head: ParameterSet, linear: ParameterSet
    ) throws -> [String: Double] {
        let start = try model.parameters(encoder: encoder, head: head, linear: linear)
        let whole = evaluation(model.graph, start, model, reads: .all)
        let own = evaluation(model.graph, start, model, reads: .encoder)
        func registered(_ name: String) throws -> Double {
            try ProxyRegistry.find(name).score(whole)
        }
        let n = batch.targets.count
        return [
            "unfrozen-alignment": try registered("alignment"),
            "unfrozen-regression": try registered("ntk-regression"),
            "unfrozen-transfer": transfer(whole),
            "unfrozen-trace": log(
                max(Double.leastNormalMagnitude, trace(own.outputGram, n))),
        ]
    }

    private enum Reads { case all, encoder }

    /// The model at its start on the batch, with the gradients of a subset of its weights.
    private func evaluation(
        _ graph: Graph, _ start: ParameterSet, _ model: FineTuneGraph, reads: Reads
    ) -> HeadEvaluation {
        let encoder = model.unfrozen.parameterIndices
        let subset = graph.training { id, parameter in
            encoder.contains(id.index) ? parameter.shape.count == 1 : reads == .all
        }
        let parameters = ParameterSet(subset)
        parameters.assign(from: start)
        if let gate = parameters.values(FineTuneGraph.gateName) {
            parameters.set(FineTuneGraph.gateName, gate.map { _ in 1 })
        }
        return HeadEvaluation(
            graph: subset, executor: Executor(subset), parameters: parameters, batch: batch.batch,
            targets: batch.targets, classes: classes, outputDirections: 4, key: key)
    }

    private func trace(_ gram: [Double], _ n: Int) -> Double {
        (0..<n).reduce(0) { $0 + gram[$1 * n + $1] } / Double(n)
    }

    /// With `g` the mean gradient of a half, `<g_1, g_2> / (|g_1| + |g_2|) * 2`: the first-order change of one
    /// half's loss under a step of length one on the other.
    private func transfer(_ evaluation: HeadEvaluation) -> Double {
        let n = batch.targets.count
        let gram = evaluation.lossGram
        // Examples of every class come in turn.
        var halves: [[Int]] = [[], []]
        var counts: [Int32: Int] = [:]
        for (place, label) in batch.targets.strata.enumerated() {
            halves[counts[label, default: 0] % 2].append(place)
            counts[label, default: 0] += 1
        }
        func mean(_ a: [Int], _ b: [Int]) -> Double {
            let sum = a.reduce(0.0) { sum, i in b.reduce(sum) { $0 + gram[i * n + $1] } }
            return sum / Double(max(1, a.count * b.count))
        }
        let lengths = halves.map { max(0, mean($0, $0)).squareRoot() }
        let length = (lengths[0] + lengths[1]) / 2
        return length > 0 ? mean(halves[0], halves[1]) / length : 0
    }
}
