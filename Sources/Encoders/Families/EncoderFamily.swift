import Graphs

/// How a weight of a checkpoint becomes a parameter of a graph.
struct WeightBinding {
    let parameter: ParameterID
    /// Names in the checkpoint, without prefix; several are stacked along the first dimension.
    let sources: [String]
    /// Whether the parameter is read in place from the file, e.g. a large embedding table.
    let isTable: Bool
}

/// Hidden states of an encoder in a graph, and where its parameters come from.
struct LoweredEncoder {
    /// Embedding output and every layer's output: `layers + 1` values `[tokens, width]`.
    let hiddenStates: [Value]
    let bindings: [WeightBinding]
}

/// One encoder layer in a graph, and where its parameters come from.
struct LoweredLayer {
    /// `[tokens, width]`.
    let output: Value
    let bindings: [WeightBinding]
    let adapters: [LowRankAdapter]
}

/// A family of encoder architectures.
///
/// To add one, write a type in its own file and list it in ``EncoderFamilies/all``.
protocol EncoderFamily: Sendable {
    /// Values of `model_type` in `config.json`.
    var modelTypes: [String] { get }
    /// Why a configuration of the family is not supported, or `nil`; sizes have already been
    /// checked.
    func objection(_ configuration: EncoderConfiguration) -> String?
    /// The layers, counted from 1, that share the weights of one, which is among them.
    func sharingLayers(_ layer: Int, _ configuration: EncoderConfiguration) -> ClosedRange<Int>
    /// The position id of a sequence's first token.
    func firstPosition(_ configuration: EncoderConfiguration) -> Int
    /// Longest sequence in tokens.
    func maximumLength(_ configuration: EncoderConfiguration) -> Int
    /// Adds the embeddings' output, `[tokens, hidden size]`.
    func embeddings(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value
    /// Adds what attention in all layers reads of the distances between tokens; `nil` if it reads
    /// nothing.
    func distances(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value?
    /// Adds one layer, counted from 1, on top of the hidden state below it.
    func layer(
        _ layer: Int, on x: Value, _ distances: Value?, _ lowering: inout EncoderLowering,
        _ graph: inout GraphBuilder
    ) -> Value
    /// Whether a checkpoint may hold this weight though the hidden states do not need it.
    func isOptional(_ weight: String) -> Bool
}

/// What BERT does; families say where they differ.
extension EncoderFamily {
    func objection(_ configuration: EncoderConfiguration) -> String? { nil }

    func sharingLayers(_ layer: Int, _ configuration: EncoderConfiguration) -> ClosedRange<Int> {
        layer...layer
    }

    func firstPosition(_ configuration: EncoderConfiguration) -> Int { 0 }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int { configuration.positions }

    func embeddings(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value {
        lowering.embeddings(width: lowering.configuration.hiddenSize, &graph)
    }

    func distances(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value? { nil }

    func layer(
        _ layer: Int, on x: Value, _ distances: Value?, _ lowering: inout EncoderLowering,
        _ graph: inout GraphBuilder
    ) -> Value {
        lowering.bertLayer(layer - 1, x, &graph)
    }

    func isOptional(_ weight: String) -> Bool { isOptionalInBERT(weight) }

    /// Heads of BERT's kin, and numbers that follow from the sizes.
    func isOptionalInBERT(_ weight: String) -> Bool {
        weight.hasPrefix("pooler.") || weight.hasPrefix("cls.") || weight.hasPrefix("lm_head.")
            || weight.hasPrefix("classifier.") || weight == "embeddings.position_ids"
            || weight == "embeddings.token_type_ids"
    }
}

extension EncoderFamily {
    /// Adds the encoder up to a layer to a graph.
    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        var lowering = EncoderLowering(configuration: configuration, trainable: trainable)
        var states = [embeddings(&lowering, &graph)]
        let distances = distances(&lowering, &graph)
        for below in 0..<layers {
            states.append(layer(below + 1, on: states[below], distances, &lowering, &graph))
        }
        return LoweredEncoder(hiddenStates: states, bindings: lowering.bindings)
    }

    /// Adds one layer, counted from 1, on top of the hidden state below it, with trained parameters
    /// and dropout after attention and feed-forward.
    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        adapter: LowRankAdapter.Shape? = nil, into graph: inout GraphBuilder
    ) -> LoweredLayer {
        var lowering = EncoderLowering(
            configuration: configuration, trainable: true, dropout: dropout, adapter: adapter)
        let distances = distances(&lowering, &graph)
        let output = self.layer(layer, on: x, distances, &lowering, &graph)
        return LoweredLayer(
            output: output, bindings: lowering.bindings, adapters: lowering.adapters)
    }
}

/// The families that this program knows; one line each.
enum EncoderFamilies {
    static let all: [any EncoderFamily] = [
        BERTFamily(),
        RoBERTaFamily(),
        ALBERTFamily(),
        ELECTRAFamily(),
        MPNetFamily(),
        DeBERTaFamily(),
    ]

    static func find(_ modelType: String) -> (any EncoderFamily)? {
        all.first { $0.modelTypes.contains(modelType) }
    }

    static var modelTypes: [String] { all.flatMap(\.modelTypes).sorted() }
}
