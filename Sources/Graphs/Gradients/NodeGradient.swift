import CKernels
import Tensors

/// Consumes the parameter gradients that a backward pass produces.
public protocol GradientSink {
    /// Called once for every node with trained parameters, last node first.
    func accept(_ gradient: NodeGradient)
}

/// The parameter gradients of one node, not yet computed: its inputs, the gradient of its output, and
/// ways to form the gradient of any contiguous run of examples.
///
/// Valid only during the call that passes it.
public struct NodeGradient {
    let executor: Executor
    /// The node's index in the graph.
    public let node: Int
    /// `[rows, width]`.
    public let outputGradient: UnsafePointer<Float>

    public var primitive: Primitive { executor.graph.nodes[node].primitive }
    /// The batch that was run.
    public var batch: Batch { executor.batch }
    /// Scratch memory of the executor.
    public var pool: BufferPool { executor.pool }
    var space: RowSpace { executor.graph.nodes[node].space }
    var width: Int { executor.graph.nodes[node].width }
    /// Width of the first input.
    var inputWidth: Int { executor.graph.nodes[executor.graph.nodes[node].inputs[0]].width }
    /// The first input, `[rows, inputWidth]`.
    var input: UnsafePointer<Float> {
        UnsafePointer(executor.value(executor.graph.nodes[node].inputs[0]))
    }

    /// The node's trained parameters.
    public var parameters: [ParameterID] {
        Graph.parameters(of: primitive).filter { executor.graph.parameters[$0.index].isTrainable }
    }

    /// Number of elements of a parameter.
    public func count(_ id: ParameterID) -> Int { executor.graph.parameters[id.index].count }

    /// The rows of a run of examples.
    func rows(of examples: Range<Int>) -> Range<Int> {
        batch.firstRow(
            ofExample: examples.lowerBound, in: space)..<batch.firstRow(
                ofExample: examples.upperBound, in: space)
    }

    /// Adds the gradient of the summed losses of `examples` to `target(parameter)`, which is `nil`
    /// for parameters that are not wanted.
    /// - Parameter overwritesWeight: whether what a linear layer's weight's target holds is replaced
    ///   instead.
    public func add(
        examples: Range<Int>, overwritesWeight: Bool = false,
        to target: (ParameterID) -> UnsafeMutablePointer<Float>?
    ) {
        let rows = rows(of: examples)
        let rowCount = Int64(rows.count)
        let dy = outputGradient + rows.lowerBound * width
        switch primitive {
        case .linear(let weight, let bias):
            if let dw = target(weight) {
                addWeight(rows: rows, outputs: 0..<width, to: dw, beta: overwritesWeight ? 0 : 1)
            }
            if let bias, let db = target(bias) {
                knas_column_sums(rowCount, Int64(width), dy, db, 1)
            }

        case .layerNorm(let gain, let bias, _):
            let mean = executor.saved[node][0] + rows.lowerBound
            let rstd = executor.saved[node][1] + rows.lowerBound
            withScratch(width, target(gain), target(bias)) { gain, bias in
                knas_layer_norm_parameters(
                    rowCount, Int64(width), input + rows.lowerBound * width, mean, rstd, dy, gain,
                    bias)
            }

        case .affine(let scale, let shift):
            // Layer norm's parameter gradients with nothing subtracted and nothing divided.
            pool.with(2 * rows.count) { statistics in
                statistics.update(repeating: 0, count: rows.count)
                (statistics + rows.count).update(repeating: 1, count: rows.count)
                withScratch(width, target(scale), target(shift)) { scale, shift in
                    knas_layer_norm_parameters(
                        rowCount, Int64(width), input + rows.lowerBound * width, statistics,
                        statistics + rows.count, dy, scale, shift)
                }
            }

        case .depthwiseConvolution(let weight, let bias, let kernel):
            let first = examples.lowerBound * batch.segments
            let sequences = examples.count * batch.segments
            withScratch(kernel * width, target(weight), target(bias)) { weight, bias in
                batch.offsets.withUnsafeBufferPointer { offsets in
                    // Offsets are absolute rows, so the pointers stay those of the whole batch.
                    knas_depthwise_convolution_parameters(
                        Int64(sequences), offsets.baseAddress! + first, Int64(width),
                        Int64(kernel), input, outputGradient, weight, bias)
                }
            }

        case .embedding(let table, let attribute):
            if let dt = target(table) {
                let ids = Array(executor.tokenAttribute(attribute)[rows])
                knas_scatter_add_rows(rowCount, Int64(width), ids, dy, dt)
            }

        case .mix(let weights):
            if let dw = target(weights) { addMix(rows: rows, to: dw) }

        case .input, .activation, .attention, .relativeAttention, .unfold, .pool, .attentionPool,
            .segment, .binary, .concatenate, .dropout:
            break
        }
    }

    /// `dW[outputs, inputs] = D' X + beta * dW[outputs, inputs]` over some rows; `target` holds
    /// that part alone, `[outputs, inputs]`. All inputs if none are named. `beta` is 0 or 1.
    func addWeight(
        rows: Range<Int>, outputs: Range<Int>, inputs: Range<Int>? = nil,
        to target: UnsafeMutablePointer<Float>, beta: Float
    ) {
        let inputWidth = inputWidth
        let inputs = inputs ?? 0..<inputWidth
        let isWhole =
            rows.count == executor.rows(node) && outputs.count == width
            && inputs.count == inputWidth
        if isWhole, let rounded = executor.roundedGradient {
            // Padding is zeros in both factors.
            BFloat16Products.multiply(
                rounded.asBFloat16, .transposed,
                executor.roundedValue(executor.graph.nodes[node].inputs[0]), .plain, into: target,
                m: width, n: inputWidth, k: BFloat16Products.paddedRows(rows.count),
                accumulates: beta != 0)
            return
        }
        BLAS.multiply(
            outputGradient + rows.lowerBound * width + outputs.lowerBound, .transposed,
            strideA: width, input + rows.lowerBound * inputWidth + inputs.lowerBound,
            strideB: inputWidth, into: target, strideC: inputs.count, m: outputs.count,
            n: inputs.count, k: rows.count, beta: beta)
    }

    /// With shares `p = softmax(w)` and `g_k = <dy, x_k>`: `dw_k = p_k (g_k - sum_j p_j g_j)`.
    private func addMix(rows: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        let inputs = executor.graph.nodes[node].inputs
        let shares = executor.saved[node][0]
        let offset = rows.lowerBound * width
        let products = inputs.map { input in
            knas_dot(
                Int64(rows.count * width), outputGradient + offset,
                executor.value(input) + offset)
        }
        var mean = 0.0
        for (place, product) in products.enumerated() { mean += Double(shares[place]) * product }
        for (place, product) in products.enumerated() {
            target[place] += shares[place] * Float(product - mean)
        }
    }

    /// Calls a kernel that needs both targets, with scratch memory for one that is not wanted.
    private func withScratch(
        _ count: Int, _ a: UnsafeMutablePointer<Float>?, _ b: UnsafeMutablePointer<Float>?,
        _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        if let a, let b { return body(a, b) }
        pool.with(count) { scratch in
            if a != nil || b != nil {
                scratch.update(repeating: 0, count: count)
                body(a ?? scratch, b ?? scratch)
            }
        }
    }
}
