import Graphs

/// MPNet (Song et al. 2020): post-norm layers whose attention adds a number for the distance
/// between two tokens, the same in all layers; positions start after the padding id, as in RoBERTa.
struct MPNetFamily: EncoderFamily {
    let modelTypes = ["mpnet"]
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

    func distances(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value? {
        lowering.distances(
            "encoder.relative_attention_bias", width: lowering.configuration.heads,
            by: Self.buckets, &graph)
    }

    func layer(
        _ layer: Int, on x: Value, _ distances: Value?, _ lowering: inout EncoderLowering,
        _ graph: inout GraphBuilder
    ) -> Value {
        let configuration = lowering.configuration
        let name = "encoder.layer.\(layer - 1)"
        let packed = lowering.linear(
            x, ["q", "k", "v"].map { "\(name).attention.attn.\($0)" },
            "\(name).attention.attn.qkv", 3 * configuration.hiddenSize, &graph)
        let mixed = graph.relativeAttention(packed, heads: configuration.heads, bias: distances)
        let names = EncoderLowering.LayerNames(
            attentionOutput: "\(name).attention.attn.o",
            attentionNorm: "\(name).attention.LayerNorm",
            intermediate: "\(name).intermediate.dense", output: "\(name).output.dense",
            outputNorm: "\(name).output.LayerNorm")
        return lowering.postNormLayer(mixed, on: x, names, &graph)
    }
}
