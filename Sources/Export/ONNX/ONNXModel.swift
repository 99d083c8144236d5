import Encoders
import Graphs
import ONNXProtobuf
import Tokenization

/// A whole model as an ONNX message: inputs, the encoder's graph once per segment, the head's
/// graph.
struct ONNXModel {
    /// The encoder's side of a file.
    struct EncoderPart {
        /// From token ids to the hidden states that the head reads, side by side.
        let graph: Graph
        let parameters: ParameterSet
        let numbering: TokenNumbering
        /// Features per token of one hidden state, and how many hidden states there are.
        let width: Int
        let slots: Int

        /// - Parameter layers: the hidden state for each input slot of the head.
        /// - Throws: ``EncoderError``, ``TensorError``, ``ExportError/tokenTypes(encoder:)``.
        init(_ encoder: Encoder, layers: [Int]) throws {
            (graph, parameters) = try encoder.graph(layers: layers)
            numbering = try TokenNumbering(encoder)
            width = encoder.width
            slots = layers.count
        }
    }

    let proto: ModelProto

    init(_ model: Model, encoder: EncoderPart?) {
        let configuration = model.configuration
        let segments = model.graph.segments
        let builder = ONNXBuilder()
        var sequences: [ONNXSequence] = []
        // For each segment the features of each slot.
        var features: [[String]] = []
        for segment in 0..<segments {
            let prefix = segment == 0 ? "" : "pair_"
            let tokens = TensorShapeProto.Dimension.named("\(prefix)tokens")
            func integers(_ name: String) -> String {
                builder.input(prefix + name, type: .int64, [.named("batch"), tokens])
            }
            if let encoder {
                let ids = integers("input_ids")
                let sequence = ONNXSequence(
                    in: builder, mask: integers("attention_mask"), ids: ids,
                    numbering: encoder.numbering)
                sequences.append(sequence)
                features.append(Self.encode(encoder, sequence, builder))
            } else {
                let name = builder.input(
                    "\(prefix)features", type: .float,
                    [
                        .named("batch"), tokens,
                        .fixed(configuration.width * configuration.layers.count),
                    ])
                let sequence = ONNXSequence(in: builder, mask: integers("attention_mask"))
                sequences.append(sequence)
                // The caller may leave anything in the padding, even NaN.
                features.append(
                    Self.split(
                        sequence.replacingPadding(name, with: 0), width: configuration.width,
                        slots: configuration.layers.count, builder))
            }
        }
        let slots = features[0].indices.map { slot in features.map { $0[slot] } }
        let logits = model.members.enumerated().map { place, parameters in
            let head = ONNXGraphEmitter(
                graph: model.graph, parameters: parameters,
                prefix: Ensemble.prefix(place, of: model.members.count), builder: builder)
            return head.emit(inputs: slots, sequences: sequences)[0]
        }
        builder.output(
            "logits", from: Self.average(logits, builder),
            [.named("batch"), .fixed(configuration.labels.count)])
        proto = builder.model(name: configuration.task, metadata: configuration.metadata)
    }

    /// The hidden states of one segment's tokens for each slot.
    private static func encode(
        _ encoder: EncoderPart, _ sequence: ONNXSequence, _ builder: ONNXBuilder
    ) -> [String] {
        let emitter = ONNXGraphEmitter(
            graph: encoder.graph, parameters: encoder.parameters, prefix: "encoder:",
            builder: builder)
        let states = emitter.emit(inputs: [], sequences: [sequence])[0]
        return split(states, width: encoder.width, slots: encoder.slots, builder)
    }

    /// The logarithm of the mean of the members' probabilities, as ``Ensemble`` computes it.
    private static func average(_ members: [String], _ builder: ONNXBuilder) -> String {
        guard members.count > 1 else { return members[0] }
        let logarithms = members.map {
            builder.node("LogSoftmax", $0, attributes: [AttributeProto("axis", -1)])
        }
        let largest = builder.node("Max", logarithms)
        let parts = logarithms.map { builder.node("Exp", builder.node("Sub", $0, largest)) }
        let mean = builder.node("Mean", parts)
        return builder.node("Add", builder.node("Log", mean), largest)
    }

    /// Splits concatenated hidden states.
    private static func split(
        _ states: String, width: Int, slots: Int, _ builder: ONNXBuilder
    ) -> [String] {
        guard slots > 1 else { return [states] }
        return builder.node(
            "Split", [states, builder.integers(Array(repeating: width, count: slots))],
            attributes: [AttributeProto("axis", -1)], outputCount: slots)
    }
}

extension TokenNumbering {
    /// Finds out from the encoder itself how it numbers a sequence and a pair.
    /// - Throws: ``ExportError/tokenTypes(encoder:)``, ``EncoderError``.
    init(_ encoder: Encoder) throws {
        let pair = encoder.tokenizer.encode(
            "a", pair: "a", maximumLength: min(16, encoder.maximumLength))
        let batch = try encoder.batch([pair])
        firstPosition = Int(batch.positions[0])
        tokenTypes = encoder.configuration.tokenTypes
        separator = nil
        guard batch.segmentIDs.contains(where: { $0 != 0 }), let last = pair.ids.last else {
            return
        }
        // Types must be what the graph computes: 0 up to the first separator, then 1.
        let end = pair.ids.firstIndex(of: last) ?? 0
        guard batch.segmentIDs.indices.allSatisfy({ batch.segmentIDs[$0] == ($0 > end ? 1 : 0) })
        else { throw ExportError.tokenTypes(encoder: encoder.directory.path) }
        separator = Int(last)
    }
}
