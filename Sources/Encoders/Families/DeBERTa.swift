import Graphs

/// DeBERTa-v2 and -v3 (He et al. 2021; He, Gao and Chen 2023): attention with products of content and
/// content, content and position, position and content; distances in buckets.
struct DeBERTaFamily: EncoderFamily {
    let modelTypes = ["deberta-v2"]

    func objection(_ configuration: EncoderConfiguration) -> String? {
        let details = configuration.details
        if details.convolutionKernel > 0 {
            return "conv_kernel_size is \(details.convolutionKernel): the convolution of some "
                + "DeBERTa-v2 models is not supported"
        }
        if let term = details.positionTerms.first(where: { $0 != "c2p" && $0 != "p2c" }) {
            return "pos_att_type '\(term)' is not supported (expected c2p, p2c)"
        }
        guard details.hasRelativeAttention else {
            return details.positionTerms.isEmpty
                ? nil : "pos_att_type without relative_attention is not supported"
        }
        for norm in norms(details) where norm != "none" && norm != "layer_norm" {
            return "norm_rel_ebd '\(norm)' is not supported (expected none, layer_norm)"
        }
        guard details.positionBuckets > 0 else { return nil }
        // The logarithms below would divide by zero.
        let farthest = farthest(configuration)
        if details.positionBuckets < 4 || details.positionBuckets / 2 >= farthest - 1 {
            return "position_buckets is \(details.positionBuckets): expected 4 or more, and less "
                + "than twice max_relative_positions (\(farthest))"
        }
        return nil
    }

    func isOptional(_ weight: String) -> Bool {
        [
            "pooler.", "cls.", "lm_predictions.", "mask_predictions.", "classifier.", "qa_outputs.",
        ].contains { weight.hasPrefix($0) }
            // Published checkpoints have a position table that the model does not use.
            || weight == "embeddings.position_embeddings.weight"
            || weight == "embeddings.position_ids"
    }

    private func norms(_ details: EncoderDetails) -> [String] {
        details.distanceNorm.lowercased().split(separator: "|").map {
            String($0.filter { $0 != " " })
        }
    }

    private func farthest(_ configuration: EncoderConfiguration) -> Int {
        let farthest = configuration.details.maximumDistance
        return farthest < 1 ? configuration.positions : farthest
    }

    private func buckets(_ configuration: EncoderConfiguration) -> DistanceBuckets {
        let buckets = configuration.details.positionBuckets
        let farthest = farthest(configuration)
        return buckets > 0
            ? .logarithmic(buckets: buckets, farthest: farthest) : .clipped(span: farthest)
    }

    /// The rows of all distances, `[distances, width]`, normalised where the configuration says so.
    func distances(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value? {
        let configuration = lowering.configuration
        guard configuration.details.hasRelativeAttention else { return nil }
        let rows = lowering.distances(
            "encoder.rel_embeddings", width: configuration.hiddenSize,
            by: buckets(configuration), &graph)
        guard norms(configuration.details).contains("layer_norm") else { return rows }
        return lowering.norm(rows, "encoder.LayerNorm", isShared: true, &graph)
    }

    func embeddings(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value {
        let configuration = lowering.configuration
        let narrow = configuration.details.embeddingSize ?? configuration.hiddenSize
        var first = lowering.embeddingSum(
            width: narrow, positions: configuration.details.addsPositions, &graph)
        if narrow != configuration.hiddenSize {
            first = lowering.linear(
                first, "embeddings.embed_proj", configuration.hiddenSize, bias: false, &graph)
        }
        return lowering.norm(first, "embeddings.LayerNorm", &graph)
    }

    func layer(
        _ layer: Int, on x: Value, _ distances: Value?, _ lowering: inout EncoderLowering,
        _ graph: inout GraphBuilder
    ) -> Value {
        let configuration = lowering.configuration
        let name = "encoder.layer.\(layer - 1)"
        let attention = "\(name).attention.self"
        let width = configuration.hiddenSize
        let details = configuration.details
        let parts = ["query_proj", "key_proj", "value_proj"].map { "\(attention).\($0)" }
        let mixed: Value
        if let distances, !details.positionTerms.isEmpty {
            let packed: Value
            if details.sharesProjections {
                // Separate, as distances go through two of the three.
                packed = graph.concatenate(parts.map { lowering.linear(x, $0, width, &graph) })
            } else {
                packed = lowering.linear(x, parts, "\(attention).qkv", 3 * width, &graph)
            }
            let names =
                details.sharesProjections
                ? (keys: parts[1], queries: parts[0])
                : (keys: "\(attention).pos_key_proj", queries: "\(attention).pos_query_proj")
            let terms = details.positionTerms
            let keys =
                terms.contains("c2p")
                ? lowering.linear(distances, names.keys, width, &graph) : nil
            let queries =
                terms.contains("p2c")
                ? lowering.linear(distances, names.queries, width, &graph) : nil
            mixed = graph.relativeAttention(
                packed, heads: configuration.heads, keys: keys, queries: queries)
        } else {
            let packed = lowering.linear(x, parts, "\(attention).qkv", 3 * width, &graph)
            mixed = graph.attention(packed, heads: configuration.heads)
        }
        return lowering.postNormLayer(mixed, on: x, .bert(name), &graph)
    }
}
