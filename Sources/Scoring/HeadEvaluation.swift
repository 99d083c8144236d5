import Features
import Graphs
import Support
import Tensors

/// One head at one random initialisation on the scoring batch: what proxies look at.
///
/// Quantities are computed when the first proxy asks and shared by all: one forward pass serves every
/// proxy, and for two classes both kernels come from the same two backward passes.
public final class HeadEvaluation {
    public let graph: Graph
    public let parameters: ParameterSet
    public let labels: [Int32]
    public let classes: Int
    let batch: Batch
    private let executor: Executor
    private let key: RandomKey
    /// Backward passes from random directions where there are more classes than this.
    private let outputDirections: Int

    private var forwardResult: (logits: [Float], losses: [Float], gradients: [Float])?
    private var meanGradientResult: FloatStorage?
    private var lossGramResult: [Double]?
    private var outputGramResult: [Double]?

    init(
        graph: Graph, executor: Executor, batch: FeatureBatch, classes: Int,
        outputDirections: Int, key: RandomKey
    ) {
        self.graph = graph
        self.executor = executor
        self.batch = batch.batch
        labels = batch.labels
        self.classes = classes
        self.outputDirections = outputDirections
        self.key = key
        parameters = ParameterSet(graph)
        parameters.initialize(key: key.child("init"))
        executor.calibrate(self.batch, parameters: parameters)
    }

    /// Number of examples n.
    public var exampleCount: Int { labels.count }

    private func forward() -> (logits: [Float], losses: [Float], gradients: [Float]) {
        if let forwardResult { return forwardResult }
        let output = executor.forward(batch, parameters: parameters, mode: .differentiation)
        let logits = Array(UnsafeBufferPointer(start: output, count: labels.count * classes))
        let (losses, gradients) = CrossEntropy.evaluate(
            logits: output, labels: labels, classes: classes)
        forwardResult = (logits, losses, gradients)
        return forwardResult!
    }

    /// Logits, `[n, classes]`.
    public var logits: [Float] { forward().logits }
    /// Cross entropies, `[n]`.
    public var losses: [Float] { forward().losses }
    /// Gradients of each example's loss with respect to its logits, `[n, classes]`.
    public var logitGradients: [Float] { forward().gradients }

    /// The gradient of the mean loss with respect to all trained parameters.
    public var meanGradient: FloatStorage {
        if let meanGradientResult { return meanGradientResult }
        let sink = BatchGradient(parameters.layout)
        executor.backward(logitGradients.map { $0 / Float(labels.count) }, into: sink)
        meanGradientResult = sink.storage
        return sink.storage
    }

    /// Per-example gradients of the first entries of some parameters.
    public func leadingGradients(_ ids: [ParameterID], entries: Int) -> FloatStorage {
        let sink = LeadingGradients(ids, entries: entries, examples: labels.count)
        executor.backward(logitGradients, into: sink)
        return sink.storage
    }

    /// Per-example gradients of all trained parameters, block by block: a parameter, some neighbouring
    /// entries' gradients, `[n, width]`, and the width.
    public func exampleGradients(
        _ body: @escaping (ParameterID, UnsafePointer<Float>, Int) -> Void
    ) {
        _ = forward()
        let sink = ExampleGradientBlocks(graph, examples: labels.count, body: body)
        executor.backward(logitGradients, into: sink)
        sink.finish()
    }

    /// The loss kernel K, `[n, n]`: `K_ij = <dL_i/dw, dL_j/dw>`.
    public var lossGram: [Double] {
        if let lossGramResult { return lossGramResult }
        lossGramResult = gram(logitGradients)
        return lossGramResult!
    }

    /// The output kernel N, `[n, n]`: `N_ij = sum_c <dz_ic/dw, dz_jc/dw>` (the empirical neural
    /// tangent kernel, Jacot et al. 2018, traced over classes).
    ///
    /// Its trace over classes does not depend on the basis. For two classes the basis (1, -1), (1, 1)
    /// gives the loss kernel as well, as loss gradients lie along the first: `K_ij = s_i s_j G_ij`.
    /// With more classes than the limit the trace is estimated from random signs (Hutchinson 1989),
    /// which is unbiased.
    public var outputGram: [Double] {
        if let outputGramResult { return outputGramResult }
        let n = labels.count
        var total = [Double](repeating: 0, count: n * n)
        func add(_ gram: [Double], _ factor: Double = 1) {
            for index in total.indices { total[index] += factor * gram[index] }
        }
        if classes == 2 {
            let root = Float(0.5).squareRoot()
            let difference = gram(direction: [root, -root])
            add(difference)
            add(gram(direction: [root, root]))
            if lossGramResult == nil {
                let slopes = (0..<n).map { Double(logitGradients[2 * $0]) * 2.0.squareRoot() }
                lossGramResult = (0..<n * n).map {
                    slopes[$0 / n] * slopes[$0 % n] * difference[$0]
                }
            }
        } else if classes <= outputDirections {
            for output in 0..<classes {
                var direction = [Float](repeating: 0, count: classes)
                direction[output] = 1
                add(gram(direction: direction))
            }
        } else {
            for index in 0..<outputDirections {
                var generator = key.child("directions").child(index).generator()
                let direction = (0..<classes).map { _ in
                    generator.next() >> 63 == 0 ? -1 : 1 as Float
                }
                add(gram(direction: direction), 1 / Double(outputDirections))
            }
        }
        outputGramResult = total
        return total
    }

    /// The Gram matrix of the gradients of `<direction, z_i>`.
    private func gram(direction: [Float]) -> [Double] {
        gram((0..<labels.count).flatMap { _ in direction })
    }

    private func gram(_ outputGradients: [Float]) -> [Double] {
        _ = forward()
        let sink = GramAccumulator(graph, examples: labels.count)
        executor.backward(outputGradients, into: sink)
        sink.finish()
        return sink.total
    }
}
