import Graphs

/// ELECTRA (Clark et al. 2020): BERT's layers, over embeddings that a linear layer widens where they
/// are narrower than the hidden states. The discriminator is what is meant to be used.
struct ELECTRAFamily: EncoderFamily {
    let modelTypes = ["electra"]

    func isOptional(_ weight: String) -> Bool {
        isOptionalInBERT(weight)
            || ["discriminator_predictions.", "generator_predictions.", "generator_lm_head."]
                .contains { weight.hasPrefix($0) }
    }

    func embeddings(_ lowering: inout EncoderLowering, _ graph: inout GraphBuilder) -> Value {
        let configuration = lowering.configuration
        let narrow = configuration.details.embeddingSize ?? 128
        let first = lowering.embeddings(width: narrow, &graph)
        return narrow == configuration.hiddenSize
            ? first
            : lowering.linear(first, "embeddings_project", configuration.hiddenSize, &graph)
    }
}
