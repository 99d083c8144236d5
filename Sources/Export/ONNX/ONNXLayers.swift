import Foundation
import Graphs
import ONNXProtobuf

/// The layers that take more than a node or two. Padding must not affect the results: layers that
/// look at neighbours or sum over tokens mask it first.
extension ONNXGraphEmitter {
    // MARK: Attention

    /// `softmax(q k' / sqrt(d) + mask) v`, head by head; keys and values of the partner come from the
    /// other segment, under its mask.
    func attention(
        _ packed: [String], heads: Int, source: AttentionSource, width: Int,
        _ sequences: [ONNXSequence]
    ) -> [String] {
        let b = builder
        let depth = width / heads
        let parts = packed.map { value in
            b.node(
                "Split", [value, b.integers([width, width, width])],
                attributes: [AttributeProto("axis", -1)], outputCount: 3)
        }
        // [batch, tokens, width] to [batch, heads, tokens, depth], or with the last two swapped.
        func split(_ value: String, _ order: [Int]) -> String {
            let apart = b.node("Reshape", value, b.integers([0, 0, heads, depth]))
            return b.node("Transpose", apart, attributes: [AttributeProto("perm", order)])
        }
        return packed.indices.map { place in
            let other = source == .own ? place : place ^ 1
            let query = split(parts[place][0], [0, 2, 1, 3])
            let key = split(parts[other][1], [0, 2, 3, 1])
            let value = split(parts[other][2], [0, 2, 1, 3])
            let scale = b.float(1 / Float(depth).squareRoot())
            let scores = b.node("Mul", b.node("MatMul", query, key), scale)
            let masked = b.node("Add", scores, sequences[other].keyBias())
            let shares = b.node("Softmax", masked, attributes: [AttributeProto("axis", -1)])
            let mixed = b.node(
                "Transpose", b.node("MatMul", shares, value),
                attributes: [AttributeProto("perm", [0, 2, 1, 3])])
            return b.node("Reshape", mixed, b.integers([0, 0, width]))
        }
    }

    // MARK: Convolutions

    /// A convolution with one filter per feature over `[batch, width, tokens]`.
    func depthwiseConvolution(
        _ x: String, _ weight: ParameterID, _ bias: ParameterID, kernel: Int, width: Int,
        _ sequence: ONNXSequence
    ) -> String {
        let b = builder
        let swap = [AttributeProto("perm", [0, 2, 1])]
        let masked = sequence.replacingPadding(x, with: 0)
        // The filters are [kernel, width] here and [width, 1, kernel] there.
        let parameter = graph.parameters[weight.index]
        let name = prefix + parameter.name
        let filters = b.initializer(name) {
            TensorProto(
                name, shape: [width, 1, kernel],
                floats: columns(of: weight, rows: kernel, width: width))
        }
        let y = b.node(
            "Conv", b.node("Transpose", masked, attributes: swap), filters, tensor(bias),
            attributes: [
                AttributeProto("group", width), AttributeProto("kernel_shape", [kernel]),
                AttributeProto("pads", [kernel / 2, kernel / 2]),
            ])
        return b.node("Transpose", y, attributes: swap)
    }

    /// Neighbouring rows side by side: shifted copies of the padded sequence.
    func unfold(_ x: String, kernel: Int, _ sequence: ONNXSequence) -> String {
        let b = builder
        guard kernel > 1 else { return x }
        let reach = kernel / 2
        let masked = sequence.replacingPadding(x, with: 0)
        let padded = b.node("Pad", masked, b.integers([0, reach, 0, 0, reach, 0]))
        let copies = (0..<kernel).map { shift in
            let end = shift == 2 * reach ? Int.max : shift - 2 * reach
            return b.node(
                "Slice", padded, b.integers([shift]), b.integers([end]), b.integers([1]))
        }
        return b.node("Concat", copies, attributes: [AttributeProto("axis", 2)])
    }

    // MARK: Pooling

    /// One row per sequence, from its real tokens.
    func pool(_ kind: Pooling, _ x: String, width: Int, _ sequence: ONNXSequence) -> String {
        let b = builder
        switch kind {
        case .first:
            // [batch, 1, 1] places pick whole rows once expanded to their width.
            let place = b.node("Unsqueeze", sequence.firstPlace(), b.integers([2]))
            let places = b.node("Expand", place, b.integers([1, 1, width]))
            let row = b.node("GatherElements", x, places, attributes: [AttributeProto("axis", 1)])
            return b.node("Squeeze", row, b.integers([1]))
        case .mean:
            return b.node("Div", sum(sequence.replacingPadding(x, with: 0)), sequence.count())
        case .max:
            let masked = sequence.replacingPadding(x, with: -Float.greatestFiniteMagnitude)
            let largest = b.node(
                "ReduceMax", masked,
                attributes: [AttributeProto("axes", [1]), AttributeProto("keepdims", 0)])
            return b.node("Where", sequence.hasTokens(), largest, b.float(0))
        }
    }

    /// The sum over tokens: `[batch, tokens, width]` to `[batch, width]`.
    func sum(_ x: String) -> String {
        builder.node(
            "ReduceSum", x, builder.integers([1]), attributes: [AttributeProto("keepdims", 0)])
    }
}
