import Graphs

/// BERT (Devlin et al. 2019): post-norm transformer layers over word, position and type embeddings.
struct BERTFamily: EncoderFamily {
    let modelTypes = ["bert"]
}

/// RoBERTa and its relatives (Liu et al. 2019; Conneau et al. 2020): BERT's layers, with positions
/// that start after the padding id.
struct RoBERTaFamily: EncoderFamily {
    let modelTypes = ["roberta", "xlm-roberta", "camembert"]

    func firstPosition(_ configuration: EncoderConfiguration) -> Int {
        configuration.paddingID + 1
    }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int {
        max(0, configuration.positions - configuration.paddingID - 1)
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
