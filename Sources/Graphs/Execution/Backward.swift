import CKernels
import Tensors

extension Executor {
    /// Propagates a gradient of the output, `[rows, width]`, back through the graph.
    ///
    /// Every node with trained parameters is handed to `sink` once, with its inputs and the
    /// gradient of its output; what to make of them (a batch gradient, per-example gradients, a
    /// Gram matrix) is up to the sink. May be called several times after one forward pass.
    ///
    /// - Parameters:
    ///   - outputGradient: of the output, `[rows, width]`.
    ///   - sink: receives the nodes with trained parameters, last node first.
    ///   - inputGradients: for each input slot, memory that receives the gradient with respect to
    ///     it, or `nil`; if it is not empty, nodes that lead back to no trained parameter get
    ///     gradients too.
    ///   - observe: called for every node that gets a gradient, with its index in the graph and the
    ///     gradient of its value, `[rows, width]`, valid during the call.
    /// - Precondition: the last forward pass kept its activations.
    public func backward(
        _ outputGradient: UnsafePointer<Float>, into sink: some GradientSink,
        inputGradients: [UnsafeMutablePointer<Float>?] = [],
        observe: ((_ node: Int, _ gradient: UnsafePointer<Float>) -> Void)? = nil
    ) {
        precondition(mode.keepsActivations, "the forward pass kept no activations")
        var gradients = [UnsafeMutablePointer<Float>?](repeating: nil, count: graph.nodes.count)
        let last = graph.output.node
        gradients[last] = pool.take(room(last))
        gradients[last]!.update(from: outputGradient, count: count(last))
        for index in graph.nodes.indices.reversed() {
            guard let gradient = gradients[index] else { continue }
            observe?(index, gradient)
            if case .input(let slot) = graph.nodes[index].primitive, slot < inputGradients.count,
                let target = inputGradients[slot]
            {
                target.update(from: gradient, count: count(index))
            }
            propagate(
                index, UnsafePointer(gradient), sink, wantsInputs: !inputGradients.isEmpty,
                &gradients)
            pool.give(gradient)
            gradients[index] = nil
        }
    }

    /// Hands a node's parameter gradients to the sink and adds to the gradients of its inputs.
    private func propagate(
        _ index: Int, _ dy: UnsafePointer<Float>, _ sink: some GradientSink, wantsInputs: Bool,
        _ gradients: inout [UnsafeMutablePointer<Float>?]
    ) {
        let node = graph.nodes[index]
        guard let parameters else { preconditionFailure("no parameters") }
        let weights = mixedWeights(index)
        if weights != nil { roundedGradient = round(dy, like: index) }
        defer {
            if let rounded = roundedGradient { pool.give(rounded) }
            roundedGradient = nil
        }
        if Graph.parameters(of: node.primitive).contains(where: {
            graph.parameters[$0.index].isTrainable
        }) {
            sink.accept(NodeGradient(executor: self, node: index, outputGradient: dy))
        }

        /// The gradient buffer of an input and whether it holds something already.
        func target(_ input: Int) -> (UnsafeMutablePointer<Float>, Int32)? {
            guard needsGradient[input] || wantsInputs else { return nil }
            if let pointer = gradients[input] { return (pointer, 1) }
            let pointer = pool.take(room(input))
            gradients[input] = pointer
            return (pointer, 0)
        }

        let rowCount = Int64(rows(index))
        let width = Int64(node.width)
        let elements = rowCount * width
        let sequences = Int64(batch.sequenceCount)
        let first = node.inputs.first

        switch node.primitive {
        case .input, .embedding:
            break

        case .linear(let weight, _):
            guard let (dx, accumulate) = target(first!) else { break }
            let inputWidth = graph.nodes[first!].width
            if let weights, let rounded = roundedGradient {
                BFloat16Products.multiply(
                    rounded.asBFloat16, .plain, weights, .plain, into: dx,
                    m: BFloat16Products.paddedRows(Int(rowCount)), n: inputWidth, k: node.width,
                    accumulates: accumulate != 0)
                break
            }
            BLAS.multiply(
                dy, strideA: node.width, parameters.pointer(weight), strideB: inputWidth,
                into: dx, strideC: inputWidth, m: Int(rowCount), n: inputWidth, k: node.width,
                beta: Float(accumulate))

        case .layerNorm(let gain, _, _):
            guard let (dx, accumulate) = target(first!) else { break }
            knas_layer_norm_backward(
                rowCount, width, value(first!), parameters.pointer(gain), saved[index][0],
                saved[index][1], dy, dx, accumulate)

        case .activation(let kind):
            guard let (dx, accumulate) = target(first!) else { break }
            knas_activation_backward(kind.code, elements, value(first!), dy, dx, accumulate)

        case .attention(let heads, let source):
            guard let (dx, accumulate) = target(first!) else { break }
            attendBackward(
                index, heads: heads, source: source, gradient: dy, into: dx,
                accumulate: accumulate != 0)

        case .relativeAttention(let heads, let terms):
            attendRelativelyBackward(
                index, heads: heads, terms: terms, gradient: dy, target: { target($0) })

        case .depthwiseConvolution(let weight, _, let kernel):
            guard let (dx, accumulate) = target(first!) else { break }
            knas_depthwise_convolution_backward(
                sequences, batch.offsets, width, Int64(kernel), parameters.pointer(weight), dy,
                dx, accumulate)

        case .unfold(let kernel):
            guard let (dx, accumulate) = target(first!) else { break }
            knas_unfold_backward(
                sequences, batch.offsets, Int64(graph.nodes[first!].width), Int64(kernel), dy,
                dx, accumulate)

        case .pool(let kind):
            guard let (dx, accumulate) = target(first!) else { break }
            poolBackward(kind, index, dy, dx, accumulate)

        case .attentionPool:
            // The scores lead to a trained parameter, or nothing is wanted here.
            let scratch = pool.take(batch.tokenCount)
            defer { pool.give(scratch) }
            let scores = target(first!) ?? (scratch, 0)
            let x = target(node.inputs[1])
            knas_attention_pool_backward(
                sequences, batch.offsets, width, saved[index][0], value(node.inputs[1]), dy,
                scores.0, x?.0, scores.1, x?.1 ?? 0)

        case .segment(let segment):
            guard let (dx, accumulate) = target(first!) else { break }
            let stride = node.width * batch.segments
            if accumulate == 0 { dx.update(repeating: 0, count: count(first!)) }
            knas_copy_columns(
                rowCount, width, dy, width, dx + segment * node.width, Int64(stride), 1)

        case .binary(let operation):
            binaryBackward(operation, node, dy, target(first!), { target(node.inputs[1]) })

        case .concatenate:
            var column = 0
            for input in node.inputs {
                let inputWidth = graph.nodes[input].width
                if let (dx, accumulate) = target(input) {
                    knas_copy_columns(
                        rowCount, Int64(inputWidth), dy + column, width, dx, Int64(inputWidth),
                        accumulate)
                }
                column += inputWidth
            }

        case .dropout(let rate):
            guard let (dx, accumulate) = target(first!) else { break }
            if case .training(let key) = mode {
                knas_dropout(
                    elements, rate, dropoutKey(key, index), 0, dy, dx, accumulate)
            } else {
                add(elements, 1, dy, dx, accumulate)
            }

        case .affine(let scale, _):
            guard let (dx, accumulate) = target(first!) else { break }
            knas_affine_rows(
                rowCount, width, dy, parameters.pointer(scale), nil, dx, accumulate)

        case .mix:
            for (place, input) in node.inputs.enumerated() {
                guard let (dx, accumulate) = target(input) else { continue }
                add(elements, saved[index][0][place], dy, dx, accumulate)
            }
        }
    }

    /// `dx (+)= alpha * dy`.
    private func add(
        _ count: Int64, _ alpha: Float, _ dy: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>, _ accumulate: Int32
    ) {
        if accumulate == 0 {
            knas_scale(count, alpha, dy, dx)
        } else {
            knas_axpy(count, alpha, dy, dx)
        }
    }

    /// The second target is requested after the first has been written: both may be the same
    /// buffer.
    private func binaryBackward(
        _ operation: BinaryOperation, _ node: Node, _ dy: UnsafePointer<Float>,
        _ targetA: (UnsafeMutablePointer<Float>, Int32)?,
        _ targetB: () -> (UnsafeMutablePointer<Float>, Int32)?
    ) {
        let elements = Int64(batch.rowCount(node.space) * node.width)
        let a = value(node.inputs[0])
        let b = value(node.inputs[1])
        switch operation {
        case .add, .subtract:
            if let (da, accumulate) = targetA { add(elements, 1, dy, da, accumulate) }
            if let (db, accumulate) = targetB() {
                add(elements, operation == .add ? 1 : -1, dy, db, accumulate)
            }
        case .multiply:
            if let (da, accumulate) = targetA { knas_multiply(elements, dy, b, da, accumulate) }
            if let (db, accumulate) = targetB() {
                knas_multiply(elements, dy, a, db, accumulate)
            }
        case .absoluteDifference:
            if let (da, accumulate) = targetA, accumulate == 0 {
                da.update(repeating: 0, count: Int(elements))
            }
            let second = targetB()
            if let (db, accumulate) = second, accumulate == 0 {
                db.update(repeating: 0, count: Int(elements))
            }
            knas_absolute_difference_backward(elements, a, b, dy, targetA?.0, second?.0)
        }
    }

    private func poolBackward(
        _ kind: Pooling, _ index: Int, _ dy: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>, _ accumulate: Int32
    ) {
        let width = graph.nodes[index].width
        let input = graph.nodes[index].inputs[0]
        switch kind {
        case .mean:
            knas_mean_pool_backward(
                Int64(batch.sequenceCount), batch.offsets, Int64(width), dy, dx, accumulate)
        case .first:
            if accumulate == 0 { dx.update(repeating: 0, count: count(input)) }
            for sequence in 0..<batch.sequenceCount {
                knas_axpy(
                    Int64(width), 1, dy + sequence * width,
                    dx + Int(batch.offsets[sequence]) * width)
            }
        case .max:
            if accumulate == 0 { dx.update(repeating: 0, count: count(input)) }
            saved[index][0].withMemoryRebound(to: Int32.self, capacity: count(index)) {
                knas_max_pool_backward(
                    Int64(batch.sequenceCount), Int64(width), $0, dy, dx)
            }
        }
    }
}
