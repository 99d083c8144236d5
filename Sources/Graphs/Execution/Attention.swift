import CKernels
import Tensors

/// The attention core over packed rows `[q | k | v]`, sequence by sequence and head by head.
extension Executor {
    /// `softmax(q k' / sqrt(d)) v` for every sequence and head; the probabilities are kept when a
    /// backward pass follows.
    func attend(_ index: Int, heads: Int, source: AttentionSource) {
        let node = graph.nodes[index]
        let width = node.width
        let depth = width / heads
        let (queries, keyRows, values) = attentionRows(node.inputs[0], width: width)
        let y = allocate(index)
        let keeps = mode.keepsActivations
        let probabilities: UnsafeMutablePointer<Float>
        if keeps {
            probabilities = save(index, count: probabilityCount(heads: heads, source: source))
        } else {
            var largest = 0
            for sequence in 0..<batch.sequenceCount {
                let (rows, keys) = extents(sequence, source)
                largest = max(largest, rows.count * keys.count)
            }
            probabilities = save(index, count: largest)
        }
        let scale = 1 / Float(depth).squareRoot()
        var place = probabilities
        for sequence in 0..<batch.sequenceCount {
            let (rows, keys) = extents(sequence, source)
            for head in 0..<heads {
                let offset = head * depth
                BLAS.multiply(
                    queries.row(rows.lowerBound, offset: offset), strideA: queries.stride,
                    keyRows.row(keys.lowerBound, offset: offset), .transposed,
                    strideB: keyRows.stride, into: place,
                    strideC: keys.count, m: rows.count, n: keys.count, k: depth)
                knas_softmax_rows(
                    Int64(rows.count), Int64(keys.count), Int64(keys.count), scale, place)
                BLAS.multiply(
                    place, strideA: keys.count, values.row(keys.lowerBound, offset: offset),
                    strideB: values.stride,
                    into: y + rows.lowerBound * width + offset, strideC: width,
                    m: rows.count, n: depth, k: keys.count)
                if keeps { place += rows.count * keys.count }
            }
        }
    }

    /// The gradient with respect to the packed rows. Every row is the query, the key and the value
    /// of exactly one pair of sequences, so each part is written once.
    func attendBackward(
        _ index: Int, heads: Int, source: AttentionSource, gradient dy: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
        let node = graph.nodes[index]
        let width = node.width
        let depth = width / heads
        let stride = 3 * width
        let (queries, keyRows, values) = attentionRows(node.inputs[0], width: width)
        let scale = 1 / Float(depth).squareRoot()
        let beta: Float = accumulate ? 1 : 0
        var largest = 0
        for sequence in 0..<batch.sequenceCount {
            let (rows, keys) = extents(sequence, source)
            largest = max(largest, rows.count * keys.count)
        }
        let scores = pool.take(largest)
        defer { pool.give(scores) }
        var place = saved[index][0]
        for sequence in 0..<batch.sequenceCount {
            let (rows, keys) = extents(sequence, source)
            for head in 0..<heads {
                let offset = head * depth
                let q = offset + rows.lowerBound * stride
                let k = offset + keys.lowerBound * stride + width
                let v = offset + keys.lowerBound * stride + 2 * width
                let dyHead = dy + rows.lowerBound * width + offset
                BLAS.multiply(
                    place, .transposed, strideA: keys.count, dyHead, strideB: width,
                    into: dx + v, strideC: stride, m: keys.count, n: depth, k: rows.count,
                    beta: beta)
                BLAS.multiply(
                    dyHead, strideA: width, values.row(keys.lowerBound, offset: offset),
                    .transposed, strideB: values.stride, into: scores, strideC: keys.count,
                    m: rows.count, n: keys.count, k: depth)
                knas_softmax_rows_backward(
                    Int64(rows.count), Int64(keys.count), Int64(keys.count), scale, place, scores)
                BLAS.multiply(
                    scores, strideA: keys.count, keyRows.row(keys.lowerBound, offset: offset),
                    strideB: keyRows.stride, into: dx + q, strideC: stride, m: rows.count, n: depth,
                    k: keys.count, beta: beta)
                BLAS.multiply(
                    scores, .transposed, strideA: keys.count,
                    queries.row(rows.lowerBound, offset: offset), strideB: queries.stride,
                    into: dx + k, strideC: stride, m: keys.count, n: depth, k: rows.count,
                    beta: beta)
                place += rows.count * keys.count
            }
        }
    }

    /// Query rows and key rows of a sequence.
    private func extents(
        _ sequence: Int, _ source: AttentionSource
    ) -> (rows: Range<Int>, keys: Range<Int>) {
        let other = batch.source(of: sequence, source)
        return (
            Int(batch.offsets[sequence])..<Int(batch.offsets[sequence + 1]),
            Int(batch.offsets[other])..<Int(batch.offsets[other + 1])
        )
    }

    private func probabilityCount(heads: Int, source: AttentionSource) -> Int {
        var count = 0
        for sequence in 0..<batch.sequenceCount {
            let (rows, keys) = extents(sequence, source)
            count += rows.count * keys.count * heads
        }
        return count
    }
}
