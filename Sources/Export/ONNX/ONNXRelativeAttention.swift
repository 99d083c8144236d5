import Graphs
import ONNXProtobuf

/// Attention that takes the distance between tokens into account. Distances do not depend on which
/// side the padding is, so they need no mask.
extension ONNXGraphEmitter {
    /// For each distance of two places the row of a table: `[2 tokens - 1]`, int64.
    func distanceRows(_ buckets: DistanceBuckets, _ sequence: ONNXSequence) -> String {
        let b = builder
        let reach = buckets.reach
        let lookup = b.integers((-reach...reach).map { buckets.row($0) }, named: "\(buckets)")
        let near = b.node("Clip", sequence.distances(), b.integer(-reach), b.integer(reach))
        return b.node("Gather", lookup, b.node("Add", near, b.integer(reach)))
    }

    /// The scores of tokens with each other and with their distances, under the mask.
    ///
    /// - Parameter x: packed rows `[batch, tokens, 3 width]`, then, as `terms` says, keys and queries
    ///   `[2 tokens - 1, width]` and biases `[2 tokens - 1, heads]`.
    func relativeAttention(
        _ x: [String], heads: Int, terms: DistanceTerms, width: Int, _ sequence: ONNXSequence
    ) -> String {
        let b = builder
        let depth = width / heads
        var rest = x.dropFirst()
        func transpose(_ value: String, _ order: [Int]) -> String {
            b.node("Transpose", value, attributes: [AttributeProto("perm", order)])
        }
        let parts = b.node(
            "Split", [x[0], b.integers([width, width, width])],
            attributes: [AttributeProto("axis", -1)], outputCount: 3
        ).map { transpose(b.node("Reshape", $0, b.integers([0, 0, heads, depth])), [0, 2, 1, 3]) }
        let (query, key, value) = (parts[0], parts[1], parts[2])
        var scores = b.node("MatMul", query, transpose(key, [0, 1, 3, 2]))

        /// Products of tokens with distances, picked at places: `[batch, heads, tokens, tokens]`.
        func product(_ tokens: String, _ distances: String, at places: String) -> String {
            let apart = b.node("Reshape", distances, b.integers([0, heads, depth]))
            let all = b.node("MatMul", tokens, transpose(apart, [1, 2, 0]))
            return b.node(
                "GatherElements", all, b.node("Expand", places, b.node("Shape", scores)),
                attributes: [AttributeProto("axis", 3)])
        }
        let places = sequence.distancePlaces()
        if terms.contains(.keys) {
            scores = b.node("Add", scores, product(query, rest.removeFirst(), at: places))
        }
        if terms.contains(.queries) {
            let swapped = product(key, rest.removeFirst(), at: transpose(places, [1, 0]))
            scores = b.node("Add", scores, transpose(swapped, [0, 1, 3, 2]))
        }
        scores = b.node("Mul", scores, b.float(1 / Float(depth * terms.productCount).squareRoot()))
        if terms.contains(.bias) {
            let bias = transpose(rest.removeFirst(), [1, 0])
            let picked = b.node("Gather", bias, places, attributes: [AttributeProto("axis", 1)])
            scores = b.node("Add", scores, picked)
        }
        let masked = b.node("Add", scores, sequence.keyBias())
        let shares = b.node("Softmax", masked, attributes: [AttributeProto("axis", -1)])
        let mixed = transpose(b.node("MatMul", shares, value), [0, 2, 1, 3])
        return b.node("Reshape", mixed, b.integers([0, 0, width]))
    }
}
