import Graphs

/// ELECTRA (Clark et al. 2020): BERT's layers, over embeddings that a linear layer widens where they
/// are narrower than the hidden states. The discriminator is what is meant to be used.
struct ELECTRAFamily: EncoderFamily {
    let modelTypes = ["electra"]
    private let base = BERTFamily()

    func firstPosition(_ configuration: EncoderConfiguration) -> Int { 0 }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int { configuration.positions }

    func isOptional(_ weight: String) -> Bool {
        base.isOptional(weight)
            || ["discriminator_predictions.", "generator_predictions.", "generator_lm_head."]
                .contains { weight.hasPrefix($0) }
    }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        var lowering = EncoderLowering(configuration: configuration, trainable: trainable)
        let narrow = configuration.details.embeddingSize ?? 128
        var first = lowering.embeddings(width: narrow, &graph)
        if narrow != configuration.hiddenSize {
            first = lowering.linear(
                first, "embeddings_project", configuration.hiddenSize, &graph)
        }
        var states = [first]
        for layer in 0..<layers {
            states.append(lowering.bertLayer(layer, states[layer], &graph))
        }
        return LoweredEncoder(hiddenStates: states, bindings: lowering.bindings)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        base.lower(layer: layer, on: x, configuration, dropout: dropout, into: &graph)
    }
}
