import CKernels
import Tensors

/// Attention whose scores depend on the distance between query and key. A sequence of `n` tokens
/// has `r = 2 n - 1` rows of distances, query minus key from `1 - n` to `n - 1`; that of query `i`
/// and key `j` is row `i - j + n - 1`.
extension Executor {
    /// What a node of relative attention reads.
    private struct RelativeInputs {
        let packed: Int
        var keys: Int?
        var queries: Int?
        var bias: Int?

        init(_ node: Node, _ terms: DistanceTerms) {
            var rest = node.inputs[...]
            packed = rest.removeFirst()
            if terms.contains(.keys) { keys = rest.removeFirst() }
            if terms.contains(.queries) { queries = rest.removeFirst() }
            if terms.contains(.bias) { bias = rest.removeFirst() }
        }
    }

    /// A gradient's memory and whether it holds something already.
    typealias GradientTarget = (UnsafeMutablePointer<Float>, Int32)

    private func scale(depth: Int, _ terms: DistanceTerms) -> Float {
        1 / Float(depth * terms.productCount).squareRoot()
    }

    private func rows(ofSequence sequence: Int) -> Range<Int> {
        Int(batch.offsets[sequence])..<Int(batch.offsets[sequence + 1])
    }

    private var longestSequence: Int {
        (0..<batch.sequenceCount).map { rows(ofSequence: $0).count }.max() ?? 0
    }

    /// The probabilities are kept when a backward pass follows.
    func attendRelatively(_ index: Int, heads: Int, terms: DistanceTerms) {
        let node = graph.nodes[index]
        let inputs = RelativeInputs(node, terms)
        let width = node.width
        let depth = width / heads
        let stride = 3 * width
        let packed = value(inputs.packed)
        let y = allocate(index)
        let longest = longestSequence
        let keeps = mode.keepsActivations
        var count = longest * longest
        if keeps {
            count = (0..<batch.sequenceCount).reduce(0) { sum, sequence in
                let n = rows(ofSequence: sequence).count
                return sum + n * n * heads
            }
        }
        var place = save(index, count: count)
        let skewed = pool.take(longest * (2 * longest - 1))
        defer { pool.give(skewed) }
        let scale = scale(depth: depth, terms)
        for sequence in 0..<batch.sequenceCount {
            let rows = rows(ofSequence: sequence)
            let n = rows.count
            let r = 2 * n - 1
            let distances = batch.firstDistance(ofSequence: sequence)
            for head in 0..<heads {
                let q = packed + rows.lowerBound * stride + head * depth
                let (k, v) = (q + width, q + 2 * width)
                let column = distances * width + head * depth
                BLAS.multiply(
                    q, strideA: stride, k, .transposed, strideB: stride, into: place, strideC: n,
                    m: n, n: n, k: depth)
                if let keys = inputs.keys {
                    BLAS.multiply(
                        q, strideA: stride, value(keys) + column, .transposed, strideB: width,
                        into: skewed, strideC: r, m: n, n: r, k: depth)
                    for i in 0..<n {
                        let (row, from) = (place + i * n, skewed + i * r + i + n - 1)
                        for j in 0..<n { row[j] += from[-j] }
                    }
                }
                if let queries = inputs.queries {
                    BLAS.multiply(
                        k, strideA: stride, value(queries) + column, .transposed, strideB: width,
                        into: skewed, strideC: r, m: n, n: r, k: depth)
                    for i in 0..<n {
                        let (row, from) = (place + i * n, skewed + i + n - 1)
                        for j in 0..<n { row[j] += from[j * (r - 1)] }
                    }
                }
                if let bias = inputs.bias {
                    let from = value(bias) + (distances + n - 1) * heads + head
                    for i in 0..<n {
                        let row = place + i * n
                        for j in 0..<n { row[j] += from[(i - j) * heads] / scale }
                    }
                }
                knas_softmax_rows(Int64(n), Int64(n), Int64(n), scale, place)
                BLAS.multiply(
                    place, strideA: n, v, strideB: stride,
                    into: y + rows.lowerBound * width + head * depth, strideC: width, m: n,
                    n: depth, k: n)
                if keeps { place += n * n }
            }
        }
    }

    /// The gradients with respect to the packed rows and to the terms that depend on distances.
    ///
    /// Every row belongs to exactly one sequence, so each part is written once.
    func attendRelativelyBackward(
        _ index: Int, heads: Int, terms: DistanceTerms, gradient dy: UnsafePointer<Float>,
        target: (Int) -> GradientTarget?
    ) {
        let node = graph.nodes[index]
        let inputs = RelativeInputs(node, terms)
        let width = node.width
        let depth = width / heads
        let stride = 3 * width
        let packed = value(inputs.packed)
        // Requested in this order: one buffer may serve several inputs.
        let dPacked = target(inputs.packed)
        let dKeys = inputs.keys.flatMap { target($0) }
        let dQueries = inputs.queries.flatMap { target($0) }
        let dBias = inputs.bias.flatMap { target($0) }
        let longest = longestSequence
        let scores = pool.take(longest * longest)
        let skewed = pool.take(longest * (2 * longest - 1))
        defer {
            pool.give(scores)
            pool.give(skewed)
        }
        let scale = scale(depth: depth, terms)
        var place = saved[index][0]
        for sequence in 0..<batch.sequenceCount {
            let rows = rows(ofSequence: sequence)
            let n = rows.count
            let r = 2 * n - 1
            let distances = batch.firstDistance(ofSequence: sequence)
            for head in 0..<heads {
                let q = rows.lowerBound * stride + head * depth
                let (k, v) = (q + width, q + 2 * width)
                let column = distances * width + head * depth
                let dyHead = dy + rows.lowerBound * width + head * depth
                BLAS.multiply(
                    dyHead, strideA: width, packed + v, .transposed, strideB: stride,
                    into: scores, strideC: n, m: n, n: n, k: depth)
                knas_softmax_rows_backward(
                    Int64(n), Int64(n), Int64(n), scale, place, scores)
                if let (dx, accumulate) = dPacked {
                    let beta = Float(accumulate)
                    BLAS.multiply(
                        place, .transposed, strideA: n, dyHead, strideB: width, into: dx + v,
                        strideC: stride, m: n, n: depth, k: n, beta: beta)
                    BLAS.multiply(
                        scores, strideA: n, packed + k, strideB: stride, into: dx + q,
                        strideC: stride, m: n, n: depth, k: n, beta: beta)
                    BLAS.multiply(
                        scores, .transposed, strideA: n, packed + q, strideB: stride,
                        into: dx + k, strideC: stride, m: n, n: depth, k: n, beta: beta)
                }
                if let keys = inputs.keys {
                    skewed.update(repeating: 0, count: n * r)
                    for i in 0..<n {
                        let (row, to) = (scores + i * n, skewed + i * r + i + n - 1)
                        for j in 0..<n { to[-j] = row[j] }
                    }
                    multiplySkewed(
                        skewed, n, depth, packed + q, stride, value(keys) + column, width,
                        dPacked.map { $0.0 + q }, dKeys.map { ($0.0 + column, $0.1) })
                }
                if let queries = inputs.queries {
                    skewed.update(repeating: 0, count: n * r)
                    for i in 0..<n {
                        let (row, to) = (scores + i * n, skewed + i + n - 1)
                        for j in 0..<n { to[j * (r - 1)] = row[j] }
                    }
                    multiplySkewed(
                        skewed, n, depth, packed + k, stride, value(queries) + column, width,
                        dPacked.map { $0.0 + k }, dQueries.map { ($0.0 + column, $0.1) })
                }
                if let (db, accumulate) = dBias {
                    let to = db + distances * heads + head
                    if accumulate == 0 { for row in 0..<r { to[row * heads] = 0 } }
                    for i in 0..<n {
                        for j in 0..<n {
                            to[(i - j + n - 1) * heads] += scores[i * n + j] / scale
                        }
                    }
                }
                place += n * n
            }
        }
    }

    /// The two factors' gradients of a product of tokens `x` `[n, depth]` with distances `p`
    /// `[2 n - 1, depth]` whose own gradient is `skewed` `[n, 2 n - 1]`; `dx` is added to.
    private func multiplySkewed(
        _ skewed: UnsafePointer<Float>, _ n: Int, _ depth: Int, _ x: UnsafePointer<Float>,
        _ strideX: Int, _ p: UnsafePointer<Float>, _ strideP: Int,
        _ dx: UnsafeMutablePointer<Float>?, _ dp: GradientTarget?
    ) {
        let r = 2 * n - 1
        if let dx {
            BLAS.multiply(
                skewed, strideA: r, p, strideB: strideP, into: dx, strideC: strideX, m: n,
                n: depth, k: r, beta: 1)
        }
        if let (dp, accumulate) = dp {
            BLAS.multiply(
                skewed, .transposed, strideA: r, x, strideB: strideX, into: dp,
                strideC: strideP, m: r, n: depth, k: n, beta: Float(accumulate))
        }
    }
}
