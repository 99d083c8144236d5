import Encoders
import Graphs
import Metrics
import ONNXProtobuf
import Tokenization

/// A whole model as an ONNX message: for each encoder pass inputs and the encoder's graph once per segment,
/// then the graph of every head, then their mixture.
struct ONNXModel {
    /// The encoder's side of a pass.
    struct EncoderPart {
        /// From token ids to the pass's hidden states, side by side.
        let graph: Graph
        let parameters: ParameterSet
        let numbering: TokenNumbering

        /// - Parameter layers: the pass's hidden states.
        /// - Throws: ``EncoderError``, ``TensorError``.
        init(_ encoder: Encoder, layers: [Int]) throws {
            (graph, parameters) = try encoder.graph(layers: layers)
            numbering = try TokenNumbering(encoder)
        }
    }

    /// What heads read of a pass.
    private struct Features {
        /// For each hidden state, by layer, a value for each segment.
        let states: [Int: [String]]
        /// One per segment.
        let sequences: [ONNXSequence]
    }

    let proto: ModelProto

    /// - Parameter encoders: one for each of ``ModelConfiguration/passes``; empty for a file whose inputs are
    ///   features, those of each view by themselves.
    init(_ model: Model, encoders: [EncoderPart]) {
        let configuration = model.configuration
        let builder = ONNXBuilder()
        let passes = encoders.isEmpty ? configuration.alone : configuration.passes
        let features = passes.indices.map { place in
            Self.features(
                configuration, passes[place], encoders.isEmpty ? nil : encoders[place], builder)
        }
        let heads = model.members.enumerated().map { place, member in
            let own = configuration.members[place]
            let view = features[passes.firstIndex { $0.views.contains(own.view) }!]
            return member.replicas.enumerated().map { replica, parameters in
                ONNXGraphEmitter(
                    graph: member.graph, parameters: parameters,
                    prefix: configuration.prefix(member: place, replica: replica),
                    builder: builder
                ).emit(inputs: own.layers.map { view.states[$0]! }, sequences: view.sequences)[0]
            }
        }
        let shape = [
            TensorShapeProto.Dimension.named("batch"), .fixed(configuration.targets.outputs),
        ]
        let logits = Self.mixture(heads, configuration, builder)
        func probabilities(_ name: String) {
            builder.output("logits", from: logits, shape)
            builder.output("probabilities", from: name, shape)
        }
        switch configuration.targets {
        case .classes:
            probabilities(
                builder.node("Softmax", logits, attributes: [AttributeProto("axis", -1)]))
        case .labels: probabilities(builder.node("Sigmoid", logits))
        case .number(let scale):
            let spread = builder.node("Mul", logits, builder.float(Float(scale.deviation)))
            builder.output(
                "value", from: builder.node("Add", spread, builder.float(Float(scale.mean))),
                shape)
        }
        proto = builder.model(name: configuration.task, metadata: configuration.metadata)
    }

    /// The prefix of the inputs of a view's segment: none for the first view, `view2_` for the
    /// second; then, for the second segment, `pair_`.
    static func prefix(ofView view: Int, segment: Int) -> String {
        (view == 0 ? "" : "view\(view + 1)_") + (segment == 0 ? "" : "pair_")
    }

    /// The inputs of a pass, named as its first view's, and its hidden states.
    private static func features(
        _ configuration: ModelConfiguration, _ pass: ModelConfiguration.Pass,
        _ encoder: EncoderPart?, _ builder: ONNXBuilder
    ) -> Features {
        let place = pass.views[0]
        let view = configuration.views[place]
        // Views on one encoder share its weights.
        let first = configuration.encoderPlaces[place]
        let weights = first == 0 ? "encoder:" : "encoder\(first + 1):"
        var sequences: [ONNXSequence] = []
        // For each segment the hidden states of all layers.
        var states: [[String]] = []
        for segment in 0..<configuration.segments(ofView: place) {
            let prefix = Self.prefix(ofView: place, segment: segment)
            let tokens = TensorShapeProto.Dimension.named("\(prefix)tokens")
            func integers(_ name: String) -> String {
                builder.input(prefix + name, type: .int64, [.named("batch"), tokens])
            }
            let sideBySide: String
            let sequence: ONNXSequence
            if let encoder {
                let ids = integers("input_ids")
                let mask = integers("attention_mask")
                sequence = ONNXSequence(
                    in: builder, mask: mask, ids: ids,
                    typeIDs: encoder.numbering.hasTypes ? integers("token_type_ids") : nil,
                    numbering: encoder.numbering)
                sideBySide =
                    ONNXGraphEmitter(
                        graph: encoder.graph, parameters: encoder.parameters, prefix: weights,
                        builder: builder
                    ).emit(inputs: [], sequences: [sequence])[0]
            } else {
                let name = builder.input(
                    "\(prefix)features", type: .float,
                    [.named("batch"), tokens, .fixed(view.width * pass.layers.count)])
                sequence = ONNXSequence(in: builder, mask: integers("attention_mask"))
                // The caller may leave anything in the padding, even NaN.
                sideBySide = sequence.replacingPadding(name, with: 0)
            }
            sequences.append(sequence)
            states.append(
                split(sideBySide, width: view.width, count: pass.layers.count, builder))
        }
        let byLayer = pass.layers.enumerated().map { slot, layer in
            (layer, states.map { $0[slot] })
        }
        return Features(
            states: Dictionary(uniqueKeysWithValues: byLayer), sequences: sequences)
    }

    /// The logits of all heads together, as ``Ensemble`` computes them.
    /// - Parameter heads: logits of each replica of each member.
    private static func mixture(
        _ heads: [[String]], _ configuration: ModelConfiguration, _ b: ONNXBuilder
    ) -> String {
        let temperature = Float(configuration.temperature)
        func cooled(_ logits: String) -> String {
            temperature == 1 ? logits : b.node("Div", logits, b.float(temperature))
        }
        if configuration.headCount == 1 { return cooled(heads[0][0]) }
        switch configuration.targets {
        case .classes:
            return cooled(
                logarithm(heads, configuration, b) {
                    b.node("LogSoftmax", $0, attributes: [AttributeProto("axis", -1)])
                })
        case .labels:
            let present = logarithm(heads, configuration, b) {
                b.node("Neg", b.node("Softplus", b.node("Neg", $0)))
            }
            let absent = logarithm(heads, configuration, b) {
                b.node("Neg", b.node("Softplus", $0))
            }
            return cooled(b.node("Sub", present, absent))
        case .number: return mean(heads, configuration, b)
        }
    }

    /// The logarithm of the heads' mixed probabilities.
    /// - Parameter single: the logarithm of one head's probabilities, from its logits.
    private static func logarithm(
        _ heads: [[String]], _ configuration: ModelConfiguration, _ b: ONNXBuilder,
        _ single: (String) -> String
    ) -> String {
        let logarithms = heads.map { $0.map(single) }
        let largest = b.node("Max", Array(logarithms.joined()))
        let powers = logarithms.map { $0.map { b.node("Exp", b.node("Sub", $0, largest)) } }
        return b.node("Add", b.node("Log", mean(powers, configuration, b)), largest)
    }

    /// The members' values mixed by their weights, each the mean of its replicas'.
    private static func mean(
        _ values: [[String]], _ configuration: ModelConfiguration, _ b: ONNXBuilder
    ) -> String {
        let members = zip(values, configuration.members).map { replicas, member in
            let mean = replicas.count == 1 ? replicas[0] : b.node("Mean", replicas)
            return configuration.members.count == 1
                ? mean : b.node("Mul", mean, b.float(Float(member.weight)))
        }
        return members.count == 1 ? members[0] : b.node("Sum", members)
    }

    /// Splits concatenated hidden states.
    private static func split(
        _ states: String, width: Int, count: Int, _ builder: ONNXBuilder
    ) -> [String] {
        guard count > 1 else { return [states] }
        return builder.node(
            "Split", [states, builder.integers(Array(repeating: width, count: count))],
            attributes: [AttributeProto("axis", -1)], outputCount: count)
    }
}

extension TokenNumbering {
    /// Finds out from the encoder itself how it numbers a pair.
    /// - Throws: ``EncoderError``.
    init(_ encoder: Encoder) throws {
        let pair = encoder.tokenizer.encode(
            "a", pair: "a", maximumLength: min(16, encoder.maximumLength))
        let batch = try encoder.batch([pair])
        firstPosition = Int(batch.positions[0])
        hasTypes = batch.segmentIDs.contains { $0 != 0 }
    }
}
