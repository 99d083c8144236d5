import CKernels
import Tensors

extension Executor {
    /// Computes one node from its inputs.
    func run(_ index: Int) {
        let node = graph.nodes[index]
        guard let parameters else { preconditionFailure("no parameters") }
        let rowCount = Int64(rows(index))
        let width = Int64(node.width)
        let elements = rowCount * width
        let first = node.inputs.first

        switch node.primitive {
        case .input(let slot):
            borrow(index, batch.inputs[slot])

        case .embedding(let table, let attribute):
            let y = allocate(index)
            let ids = tokenAttribute(attribute)
            precondition(ids.count == Int(rowCount), "one id per row")
            let (address, element) = parameters.table(table)
            switch element {
            case .float32:
                knas_gather_rows(
                    rowCount, width, ids, address.assumingMemoryBound(to: Float.self), y, 0)
            case .float16:
                knas_gather_rows_f16(
                    rowCount, width, ids, address.assumingMemoryBound(to: UInt16.self), y, 0)
            case .bfloat16:
                knas_gather_rows_bf16(
                    rowCount, width, ids, address.assumingMemoryBound(to: UInt16.self), y, 0)
            }

        case .linear(let weight, let bias):
            let y = allocate(index)
            let inputWidth = graph.nodes[first!].width
            if let rounded = roundedWeights(index) {
                rounded.multiply(value(first!), rows: Int(rowCount), into: y)
                break
            }
            if let weights = mixedWeights(index) {
                BFloat16Products.multiply(
                    roundedValue(first!), .plain, weights, .transposed,
                    bias: bias.map(parameters.pointer), into: y,
                    m: BFloat16Products.paddedRows(Int(rowCount)), n: node.width,
                    k: inputWidth)
                break
            }
            if let bias { knas_fill_rows(rowCount, width, parameters.pointer(bias), y) }
            BLAS.multiply(
                value(first!), strideA: inputWidth, parameters.pointer(weight), .transposed,
                strideB: inputWidth, into: y, strideC: node.width, m: Int(rowCount),
                n: node.width, k: inputWidth, beta: bias == nil ? 0 : 1)

        case .layerNorm(let gain, let bias, let epsilon):
            let x = value(first!)
            let mean = save(index, count: Int(rowCount))
            let rstd = save(index, count: Int(rowCount))
            let y = allocateReusing(first!, for: index)
            knas_layer_norm(
                rowCount, width, x, parameters.pointer(gain), parameters.pointer(bias), epsilon,
                y, mean, rstd)

        case .activation(let kind):
            let x = value(first!)
            knas_activation(kind.code, elements, x, allocateReusing(first!, for: index))

        case .attention(let heads, let source):
            attend(index, heads: heads, source: source)

        case .relativeAttention(let heads, let terms):
            attendRelatively(index, heads: heads, terms: terms)

        case .depthwiseConvolution(let weight, let bias, let kernel):
            knas_depthwise_convolution(
                Int64(batch.sequenceCount), batch.offsets, width, Int64(kernel), value(first!),
                parameters.pointer(weight), parameters.pointer(bias), allocate(index))

        case .unfold(let kernel):
            knas_unfold(
                Int64(batch.sequenceCount), batch.offsets, Int64(graph.nodes[first!].width),
                Int64(kernel), value(first!), allocate(index))

        case .pool(let kind):
            pool(kind, index, input: first!)

        case .attentionPool:
            let weights = save(index, count: batch.tokenCount)
            knas_attention_pool(
                Int64(batch.sequenceCount), batch.offsets, width, value(first!),
                value(node.inputs[1]), weights, allocate(index))

        case .segment(let segment):
            if batch.segments == 1 {
                share(index, with: first!)
            } else {
                knas_copy_columns(
                    rowCount, width, value(first!) + segment * node.width,
                    width * Int64(batch.segments), allocate(index), width, 0)
            }

        case .binary(let operation):
            let a = value(first!)
            let b = value(node.inputs[1])
            let y = allocateReusing(first!, for: index)
            switch operation {
            case .add: knas_add(elements, a, b, y)
            case .subtract: knas_subtract(elements, a, b, y)
            case .multiply: knas_multiply(elements, a, b, y, 0)
            case .absoluteDifference: knas_absolute_difference(elements, a, b, y)
            }

        case .concatenate:
            let y = allocate(index)
            var column = 0
            for input in node.inputs {
                writeColumns(input, y + column, stride: node.width)
                column += graph.nodes[input].width
            }

        case .dropout(let rate):
            if case .training(let key) = mode {
                knas_dropout(
                    elements, rate, dropoutKey(key, index), 0, value(first!), allocate(index), 0)
            } else {
                share(index, with: first!)
            }

        case .affine(let scale, let shift):
            let x = value(first!)
            if mode == .calibration { standardize(x, Int(rowCount), scale, shift) }
            knas_affine_rows(
                rowCount, width, x, parameters.pointer(scale), parameters.pointer(shift),
                allocateReusing(first!, for: index), 0)

        case .mix(let weights):
            let y = allocate(index)
            let shares = save(index, count: node.inputs.count)
            shares.update(from: parameters.pointer(weights), count: node.inputs.count)
            knas_softmax_rows(1, Int64(node.inputs.count), Int64(node.inputs.count), 1, shares)
            knas_scale(elements, shares[0], value(first!), y)
            for (place, input) in node.inputs.enumerated().dropFirst() {
                knas_axpy(elements, shares[place], value(input), y)
            }
        }
    }

    /// A key for one dropout node in one step.
    func dropoutKey(_ key: UInt64, _ node: Int) -> UInt64 {
        key &+ UInt64(node + 1) &* 0x9e37_79b9_7f4a_7c15
    }

    func tokenAttribute(_ attribute: TokenAttribute) -> [Int32] {
        switch attribute {
        case .id: batch.ids
        case .position: batch.positions
        case .segment: batch.segmentIDs
        case .distance(let buckets): batch.distanceRows(buckets)
        }
    }

    private func pool(_ kind: Pooling, _ index: Int, input: Int) {
        let sequences = Int64(batch.sequenceCount)
        let width = Int64(graph.nodes[index].width)
        let x = value(input)
        let y = allocate(index)
        switch kind {
        case .mean:
            knas_mean_pool(sequences, batch.offsets, width, x, y)
        case .first:
            for sequence in 0..<batch.sequenceCount {
                (y + sequence * Int(width)).update(
                    from: x + Int(batch.offsets[sequence]) * Int(width), count: Int(width))
            }
        case .max:
            let places = save(index, count: count(index))
            places.withMemoryRebound(to: Int32.self, capacity: count(index)) {
                knas_max_pool(sequences, batch.offsets, width, x, y, $0)
            }
        }
    }
}

extension Activation {
    /// Its number in the C kernels.
    var code: Int32 {
        switch self {
        case .relu: Int32(KNAS_RELU)
        case .gelu: Int32(KNAS_GELU)
        case .geluTanh: Int32(KNAS_GELU_TANH)
        case .silu: Int32(KNAS_SILU)
        case .tanh: Int32(KNAS_TANH)
        case .sigmoid: Int32(KNAS_SIGMOID)
        }
    }
}
