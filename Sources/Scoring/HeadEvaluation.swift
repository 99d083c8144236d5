import Graphs
import Metrics
import Support
import Tensors

/// One head at one random initialisation on the scoring batch: what proxies look at.
///
/// Quantities are computed when the first proxy asks for them and shared by all: one forward pass
/// serves every proxy, and for two classes both kernels come from the same two backward passes,
/// whichever is asked for first.
public final class HeadEvaluation {
    public let graph: Graph
    public let parameters: ParameterSet
    public let targets: Targets
    public let classes: Int
    let batch: Batch
    let executor: Executor
    private let key: RandomKey
    /// Number of classes up to which the output kernel is exact; beyond it, the number of random
    /// directions.
    private let outputDirections: Int
    /// Projections of the gradients behind kernels; `nil` for exact kernels.
    private let sketch: GradientSketch?

    private var forwardResult: (logits: [Float], losses: [Float], gradients: [Float])?
    private var meanGradientResult: FloatStorage?
    private var lossGramResult: [Double]?
    private var differenceGramResult: [Double]?
    private var outputGramResult: [Double]?
    private var gradientStatisticsResult: GradientStatistics?
    private var inputGradientsResult: [[Double]]?
    /// Whether the input gradients come from a pass that the output kernel needs anyway.
    private let wantsInputGradients: Bool
    /// Whether the executor's activations are those of this batch and these parameters.
    private var holdsActivations: Bool

    /// - Parameters:
    ///   - executor: of `graph`; nothing else may use it while this evaluation is in use.
    ///   - targets: one per example in `batch`.
    ///   - classes: outputs of the head.
    ///   - sketchSize: directions that gradients of linear layers are projected on, on either side;
    ///     0 for exact kernels.
    ///   - wantsInputGradients: whether ``inputGradients`` will be asked for.
    ///   - holdsActivations: whether the executor's last forward pass was of this batch with these parameters, and
    ///     kept its activations.
    ///   - key: draws the directions of an estimated output kernel, and those.
    package init(
        graph: Graph, executor: Executor, parameters: ParameterSet, batch: Batch,
        targets: Targets, classes: Int, outputDirections: Int, sketchSize: Int = 0,
        wantsInputGradients: Bool = false, holdsActivations: Bool = false, key: RandomKey
    ) {
        self.graph = graph
        self.executor = executor
        self.parameters = parameters
        self.batch = batch
        self.targets = targets
        self.classes = classes
        self.outputDirections = outputDirections
        self.key = key
        self.wantsInputGradients = wantsInputGradients
        self.holdsActivations = holdsActivations
        sketch =
            sketchSize > 0
            ? GradientSketch(size: sketchSize, key: key.child("sketch")) : nil
    }

    /// Number of examples n.
    public var exampleCount: Int { targets.count }

    /// Makes sure that the executor holds this batch's activations, where a backward pass needs
    /// them; returns the logits.
    @discardableResult
    private func prepare() -> UnsafePointer<Float> {
        if holdsActivations { return executor.activations(of: graph.output.node) }
        let output = executor.forward(batch, parameters: parameters, mode: .differentiation)
        holdsActivations = true
        return output
    }

    private func forward() -> (logits: [Float], losses: [Float], gradients: [Float]) {
        if let forwardResult { return forwardResult }
        let output = prepare()
        let logits = Array(UnsafeBufferPointer(start: output, count: targets.count * classes))
        let (losses, gradients) = Loss.evaluate(
            logits: output, targets: targets, outputs: classes)
        forwardResult = (logits, losses, gradients)
        return forwardResult!
    }

    /// Logits, `[n, classes]`.
    public var logits: [Float] { forward().logits }
    /// Losses, `[n]`.
    public var losses: [Float] { forward().losses }
    /// Gradients of each example's loss with respect to its logits, `[n, classes]`.
    public var logitGradients: [Float] { forward().gradients }

    /// The gradient of the mean loss with respect to all trained parameters.
    public var meanGradient: FloatStorage {
        if let meanGradientResult { return meanGradientResult }
        let sink = BatchGradient(parameters.layout)
        backward(logitGradients.map { $0 / Float(targets.count) }, into: sink)
        meanGradientResult = sink.storage
        return sink.storage
    }

    /// Per-example gradients of the first entries of some parameters.
    public func leadingGradients(_ ids: [ParameterID], entries: Int) -> FloatStorage {
        let sink = LeadingGradients(ids, entries: entries, examples: targets.count)
        backward(logitGradients, into: sink)
        return sink.storage
    }

    /// Statistics of the per-example gradients of all trained parameters.
    public var gradientStatistics: GradientStatistics {
        if let gradientStatisticsResult { return gradientStatisticsResult }
        let sink = GradientStatistics(graph, examples: targets.count)
        backward(logitGradients, into: sink)
        sink.finish()
        gradientStatisticsResult = sink
        return sink
    }

    /// A backward pass of this batch from `outputGradients` `[n, classes]`; see
    /// ``Executor/backward(_:into:inputGradients:observe:)``.
    func backward(
        _ outputGradients: [Float], into sink: some GradientSink,
        inputGradients: [UnsafeMutablePointer<Float>?] = [],
        observe: ((_ node: Int, _ gradient: UnsafePointer<Float>) -> Void)? = nil
    ) {
        prepare()
        executor.backward(
            outputGradients, into: sink, inputGradients: inputGradients, observe: observe)
    }

    /// What a node computed, `[rows, width]`; valid until the next request.
    func activations(of node: Int) -> UnsafePointer<Float> {
        prepare()
        return executor.activations(of: node)
    }

    /// The parameter gradient of another forward pass, from the gradients that a function makes of
    /// its logits `[n, classes]`; this evaluation's own activations are computed again when needed.
    func gradient(
        by executor: Executor, at parameters: ParameterSet, of batch: Batch,
        from outputGradients: (_ logits: UnsafePointer<Float>) -> [Float]
    ) -> FloatStorage {
        if executor === self.executor { holdsActivations = false }
        let logits = executor.forward(batch, parameters: parameters, mode: .differentiation)
        let sink = BatchGradient(parameters.layout)
        executor.backward(outputGradients(logits), into: sink)
        return sink.storage
    }

    /// This batch and head with all kinks frozen.
    func freezeKinks() -> FrozenKinks {
        prepare()
        return executor.freezeKinks()
    }

    /// The mean of the loss kernel, which is the squared norm of the mean gradient: one backward
    /// pass gives it if the kernel is not there already.
    public var meanLossGram: Double {
        guard let gram = lossGramResult else { return meanGradient.squaredNorm }
        return gram.reduce(0, +) / Double(gram.count)
    }

    /// The loss kernel K, `[n, n]`: `K_ij = <dL_i/dw, dL_j/dw>`.
    ///
    /// For two classes loss gradients lie along (1, -1): `K_ij = s_i s_j G_ij`, G being the kernel of
    /// that direction, which is half of the output kernel.
    public var lossGram: [Double] {
        if let lossGramResult { return lossGramResult }
        guard isBinary else {
            lossGramResult = gram(logitGradients)
            return lossGramResult!
        }
        let n = targets.count
        let difference = differenceGram
        let slopes = (0..<n).map { Double(logitGradients[2 * $0]) * 2.0.squareRoot() }
        lossGramResult = (0..<n * n).map { slopes[$0 / n] * slopes[$0 % n] * difference[$0] }
        return lossGramResult!
    }

    /// Whether loss gradients lie along (1, -1): only where two classes exclude each other.
    private var isBinary: Bool { classes == 2 && targets.kind == .oneClass }

    /// For two classes, the Gram matrix of the gradients of `(z_i0 - z_i1) / sqrt(2)`.
    private var differenceGram: [Double] {
        if let differenceGramResult { return differenceGramResult }
        let root = Float(0.5).squareRoot()
        differenceGramResult = gram(direction: [root, -root])
        return differenceGramResult!
    }

    /// The output kernel N, `[n, n]`: `N_ij = sum_c <dz_ic/dw, dz_jc/dw>` (the empirical neural
    /// tangent kernel, Jacot et al. 2018, traced over classes).
    ///
    /// Its trace over classes does not depend on the basis; for two classes (1, -1), (1, 1) shares a
    /// pass with the loss kernel. With more classes than the limit the trace is estimated from random
    /// signs (Hutchinson 1989), which is unbiased.
    public var outputGram: [Double] {
        if let outputGramResult { return outputGramResult }
        let n = targets.count
        var total = [Double](repeating: 0, count: n * n)
        func add(_ gram: [Double], _ factor: Double = 1) {
            for index in total.indices { total[index] += factor * gram[index] }
        }
        if isBinary {
            add(differenceGram)
            add(sumGram)
            // It costs nothing now and saves a pass if the mean is wanted.
            _ = lossGram
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

    /// The gradient of the sum of each example's logits with respect to its inputs, but for a factor that all
    /// examples have in common: `[n, segments * width of the inputs]`, the gradients of a segment's tokens added up,
    /// those of one input after another. Zero for inputs that the head does not read.
    public var inputGradients: [[Double]] {
        if let inputGradientsResult { return inputGradientsResult }
        collectInputGradients(into: NoParameterGradients())
        return inputGradientsResult!
    }

    /// The gradients of the sum of logits, of length 1 for two classes, as the output kernel has them.
    private var sumGradients: [Float] {
        let value = isBinary ? Float(0.5).squareRoot() : 1
        return [Float](repeating: value, count: targets.count * classes)
    }

    private func collectInputGradients(into sink: some GradientSink) {
        var parts = inputWidths.map { width in
            [[Double]](
                repeating: [Double](repeating: 0, count: batch.segments * width),
                count: targets.count)
        }
        // Gradients are added up as they come: nothing as large as the batch is kept.
        backward(sumGradients, into: sink, inputGradients: parts.map { _ in nil }) {
            index, gradient in
            let node = self.graph.nodes[index]
            guard case .input(let slot) = node.primitive else { return }
            parts[slot] = self.pooled(gradient, width: node.width, in: .tokens)
        }
        inputGradientsResult = (0..<targets.count).map { example in
            parts.flatMap { $0[example] }
        }
    }

    /// The Gram matrix of the gradients of the sum of logits, and the inputs' gradients with it where they are wanted.
    private var sumGram: [Double] {
        guard wantsInputGradients, inputGradientsResult == nil else { return gram(sumGradients) }
        return gram { collectInputGradients(into: $0) }
    }

    /// The Gram matrix of the gradients of `<direction, z_i>`.
    private func gram(direction: [Float]) -> [Double] {
        gram((0..<targets.count).flatMap { _ in direction })
    }

    private func gram(_ outputGradients: [Float]) -> [Double] {
        gram { backward(outputGradients, into: $0) }
    }

    /// The Gram matrix of what a backward pass gives.
    private func gram(_ pass: (GramAccumulator) -> Void) -> [Double] {
        let sink = GramAccumulator(graph, examples: targets.count, sketch: sketch)
        pass(sink)
        sink.finish()
        return sink.total
    }
}
