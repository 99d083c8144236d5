import Graphs
import ONNXProtobuf

/// Writes a ``Graph`` as ONNX nodes over padded batches.
///
/// Rows of tokens become `[batch, tokens, width]`, rows of sequences and of examples `[batch,
/// width]`, rows of distances `[2 tokens - 1, width]`, as they are the same for every sequence of a
/// batch. Where an example has two segments, the values of each have their own names, and layers
/// that work on one segment are written once per segment, sharing their weights.
struct ONNXGraphEmitter {
    let graph: Graph
    let parameters: ParameterSet
    /// Prefix of the names of parameters.
    let prefix: String
    let builder: ONNXBuilder

    /// Writes the nodes.
    ///
    /// - Parameters:
    ///   - inputs: for each input slot the name of a value for each segment, `[batch, tokens, width]`.
    ///   - sequences: one per segment of an example.
    /// - Returns: the output's name for each segment, or one name where the output has one row per
    ///   example.
    func emit(inputs: [[String]], sequences: [ONNXSequence]) -> [String] {
        precondition(sequences.count == graph.segments, "one sequence per segment")
        var values: [[String]] = []
        for node in graph.nodes {
            let arguments = node.inputs.map { values[$0] }
            switch node.primitive {
            case .input(let slot):
                precondition(inputs[slot].count == sequences.count, "one value per segment")
                values.append(inputs[slot])
            case .segment(let index):
                values.append([arguments[0][graph.segments == 1 ? 0 : index]])
            case .attention(let heads, let source):
                values.append(
                    attention(
                        arguments[0], heads: heads, source: source, width: node.width, sequences))
            case .embedding, .linear, .layerNorm, .activation, .relativeAttention,
                .depthwiseConvolution, .unfold, .pool, .attentionPool, .binary, .concatenate,
                .dropout, .affine, .mix:
                // Rows of examples have no mask; nothing that works on them needs one.
                let count = node.space == .examples ? 1 : sequences.count
                values.append(
                    (0..<count).map { place in
                        layer(node, arguments.map { $0[place] }, sequences[place])
                    })
            }
        }
        return values[graph.output.node]
    }

    /// A primitive that treats every segment by itself.
    private func layer(
        _ node: Node, _ x: [String], _ sequence: ONNXSequence
    ) -> String {
        let b = builder
        switch node.primitive {
        case .embedding(let table, let attribute):
            return embedding(table, by: attribute, sequence)
        case .linear(let weight, let bias):
            let product = b.node("MatMul", x[0], transposed(weight))
            return bias.map { b.node("Add", product, tensor($0)) } ?? product
        case .layerNorm(let gain, let bias, let epsilon):
            return b.node(
                "LayerNormalization", x[0], tensor(gain), tensor(bias),
                attributes: [AttributeProto("axis", -1), AttributeProto("epsilon", epsilon)])
        case .activation(let kind):
            return activation(kind, x[0])
        case .relativeAttention(let heads, let terms):
            return relativeAttention(x, heads: heads, terms: terms, width: node.width, sequence)
        case .depthwiseConvolution(let weight, let bias, let kernel):
            return depthwiseConvolution(
                x[0], weight, bias, kernel: kernel, width: node.width, sequence)
        case .unfold(let kernel):
            return unfold(x[0], kernel: kernel, sequence)
        case .pool(let kind):
            return pool(kind, x[0], width: node.width, sequence)
        case .attentionPool:
            let scores = b.node("Add", x[0], sequence.scoreBias())
            let shares = b.node("Softmax", scores, attributes: [AttributeProto("axis", 1)])
            return sum(b.node("Mul", shares, x[1]))
        case .binary(let operation):
            switch operation {
            case .add: return b.node("Add", x)
            case .subtract: return b.node("Sub", x)
            case .multiply: return b.node("Mul", x)
            case .absoluteDifference: return b.node("Abs", b.node("Sub", x))
            }
        case .concatenate:
            return x.count == 1
                ? x[0] : b.node("Concat", x, attributes: [AttributeProto("axis", -1)])
        case .dropout:
            return x[0]
        case .affine(let scale, let shift):
            return b.node("Add", b.node("Mul", x[0], tensor(scale)), tensor(shift))
        case .mix(let weights):
            return mix(x, weights)
        case .input, .segment, .attention:
            preconditionFailure("not a layer over one segment")
        }
    }
}
