import Graphs

/// BERT (Devlin et al. 2019): post-norm transformer layers over word, position and type embeddings.
struct BERTFamily: EncoderFamily {
    let modelTypes = ["bert"]

    func firstPosition(_ configuration: EncoderConfiguration) -> Int { 0 }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int { configuration.positions }

    func isOptional(_ weight: String) -> Bool {
        weight.hasPrefix("pooler.") || weight.hasPrefix("cls.") || weight.hasPrefix("lm_head.")
            || weight.hasPrefix("classifier.") || weight == "embeddings.position_ids"
            || weight == "embeddings.token_type_ids"
    }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        var lowering = EncoderLowering(configuration: configuration, trainable: trainable)
        var states = [lowering.embeddings(width: configuration.hiddenSize, &graph)]
        for layer in 0..<layers {
            states.append(lowering.bertLayer(layer, states[layer], &graph))
        }
        return LoweredEncoder(hiddenStates: states, bindings: lowering.bindings)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        var lowering = EncoderLowering(
            configuration: configuration, trainable: true, dropout: dropout)
        let output = lowering.bertLayer(layer - 1, x, &graph)
        return LoweredLayer(output: output, bindings: lowering.bindings)
    }
}

/// RoBERTa and its relatives (Liu et al. 2019; Conneau et al. 2020): BERT's layers, with positions
/// that start after the padding id.
struct RoBERTaFamily: EncoderFamily {
    let modelTypes = ["roberta", "xlm-roberta", "camembert"]
    private let base = BERTFamily()

    func firstPosition(_ configuration: EncoderConfiguration) -> Int {
        configuration.paddingID + 1
    }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int {
        max(0, configuration.positions - configuration.paddingID - 1)
    }

    func isOptional(_ weight: String) -> Bool { base.isOptional(weight) }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        base.lower(configuration, layers: layers, trainable: trainable, into: &graph)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        base.lower(layer: layer, on: x, configuration, dropout: dropout, into: &graph)
    }
}

extension EncoderLowering {
    /// One transformer layer with BERT's names, counted from 0.
    mutating func bertLayer(_ index: Int, _ x: Value, _ graph: inout GraphBuilder) -> Value {
        let name = "encoder.layer.\(index)"
        let packed = linear(
            x, ["query", "key", "value"].map { "\(name).attention.self.\($0)" },
            "\(name).attention.self.qkv", 3 * configuration.hiddenSize, &graph)
        let mixed = graph.attention(packed, heads: configuration.heads)
        return postNormLayer(mixed, on: x, .bert(name), &graph)
    }
}
