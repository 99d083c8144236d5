import Graphs

/// MPNet (Song et al. 2020): post-norm layers whose attention adds a number for the distance
/// between two tokens, the same in all layers; positions start after the padding id, as in RoBERTa.
struct MPNetFamily: EncoderFamily {
    let modelTypes = ["mpnet"]
    private let base = BERTFamily()
    /// The reference implementation has these numbers whatever the configuration says.
    private static let buckets = DistanceBuckets.halves(buckets: 32, farthest: 128)
    private static let firstPosition = 2

    func firstPosition(_ configuration: EncoderConfiguration) -> Int { Self.firstPosition }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int {
        max(0, configuration.positions - Self.firstPosition)
    }

    func objection(_ configuration: EncoderConfiguration) -> String? {
        let found = configuration.details.distanceBuckets
        if found != Self.buckets.count {
            return "relative_attention_num_buckets is \(found): only \(Self.buckets.count) is "
                + "supported"
        }
        return configuration.tokenTypes == 0
            ? nil : "type_vocab_size is \(configuration.tokenTypes): MPNet has no token types"
    }

    func isOptional(_ weight: String) -> Bool { base.isOptional(weight) }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        var lowering = EncoderLowering(configuration: configuration, trainable: trainable)
        var states = [lowering.embeddings(width: configuration.hiddenSize, &graph)]
        let bias = lowering.mpnetBias(Self.buckets, &graph)
        for layer in 0..<layers {
            states.append(lowering.mpnetLayer(layer, states[layer], bias, &graph))
        }
        return LoweredEncoder(hiddenStates: states, bindings: lowering.bindings)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        var lowering = EncoderLowering(
            configuration: configuration, trainable: true, dropout: dropout)
        let bias = lowering.mpnetBias(Self.buckets, &graph)
        let output = lowering.mpnetLayer(layer - 1, x, bias, &graph)
        return LoweredLayer(output: output, bindings: lowering.bindings)
    }
}

extension EncoderLowering {
    fileprivate mutating func mpnetBias(
        _ buckets: DistanceBuckets, _ graph: inout GraphBuilder
    ) -> Value {
        distances(
            "encoder.relative_attention_bias", width: configuration.heads, by: buckets, &graph)
    }

    fileprivate mutating func mpnetLayer(
        _ index: Int, _ x: Value, _ bias: Value, _ graph: inout GraphBuilder
    ) -> Value {
        let name = "encoder.layer.\(index)"
        let packed = linear(
            x, ["q", "k", "v"].map { "\(name).attention.attn.\($0)" },
            "\(name).attention.attn.qkv", 3 * configuration.hiddenSize, &graph)
        let mixed = graph.relativeAttention(packed, heads: configuration.heads, bias: bias)
        let names = LayerNames(
            attentionOutput: "\(name).attention.attn.o",
            attentionNorm: "\(name).attention.LayerNorm",
            intermediate: "\(name).intermediate.dense", output: "\(name).output.dense",
            outputNorm: "\(name).output.LayerNorm")
        return postNormLayer(mixed, on: x, names, &graph)
    }
}
