import Graphs

/// ALBERT (Lan et al. 2020): narrow embeddings that a linear layer widens, and layers that share their
/// weights in groups.
struct ALBERTFamily: EncoderFamily {
    let modelTypes = ["albert"]

    func objection(_ configuration: EncoderConfiguration) -> String? {
        let groups = configuration.details.groups
        return groups > configuration.layers
            ? "num_hidden_groups is \(groups): expected at most num_hidden_layers "
                + "(\(configuration.layers))" : nil
    }

    func isOptional(_ weight: String) -> Bool {
        ["pooler.", "predictions.", "sop_classifier.", "classifier.", "qa_outputs."].contains {
            weight.hasPrefix($0)
        } || weight == "embeddings.position_ids" || weight == "embeddings.token_type_ids"
    }

    func sharingLayers(_ layer: Int, _ configuration: EncoderConfiguration) -> ClosedRange<Int> {
        let own = group(layer, configuration)
        let all = (1...configuration.layers).filter { group($0, configuration) == own }
        return all[0]...all[all.count - 1]
    }

    /// The group of a layer, counted from 1, in the arithmetic of the reference implementation.
    private func group(_ layer: Int, _ configuration: EncoderConfiguration) -> Int {
        let layersPerGroup =
            Double(configuration.layers) / Double(configuration.details.groups)
        return Int(Double(layer - 1) / layersPerGroup)
    }

    func embeddings(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value {
        let configuration = lowering.configuration
        let narrow = lowering.embeddings(
            width: configuration.details.embeddingSize ?? 128, &graph)
        return lowering.linear(
            narrow, "encoder.embedding_hidden_mapping_in", configuration.hiddenSize, &graph)
    }

    /// The layers of one group, one after another.
    func layer(
        _ layer: Int, on x: Value, _ distances: Value?, _ lowering: inout EncoderLowering,
        _ graph: inout GraphBuilder
    ) -> Value {
        let configuration = lowering.configuration
        let group = group(layer, configuration)
        var x = x
        for inner in 0..<configuration.details.innerGroups {
            let name = "encoder.albert_layer_groups.\(group).albert_layers.\(inner)"
            let packed = lowering.linear(
                x, ["query", "key", "value"].map { "\(name).attention.\($0)" },
                "\(name).attention.qkv", 3 * configuration.hiddenSize, &graph)
            let mixed = graph.attention(packed, heads: configuration.heads)
            let names = EncoderLowering.LayerNames(
                attentionOutput: "\(name).attention.dense",
                attentionNorm: "\(name).attention.LayerNorm", intermediate: "\(name).ffn",
                output: "\(name).ffn_output", outputNorm: "\(name).full_layer_layer_norm")
            x = lowering.postNormLayer(mixed, on: x, names, &graph)
        }
        return x
    }
}
