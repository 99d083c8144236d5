import Graphs

/// Multi-head attention within a sequence: `W_o softmax(q k' / sqrt(d)) v` (Vaswani et al. 2017).
struct SelfAttention: Operation {
    let name = "self-attention"
    let slot = Slot.block
    let choices = attentionChoices

    func objection(_ settings: Settings, width: Int, context: HeadContext) -> String? {
        attentionObjection(settings, width: width)
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        lowerAttention(x, settings, source: .own, into: &graph)
    }
}

/// Multi-head attention from each segment of a pair to the other, with the same weights both ways.
struct CrossAttention: Operation {
    let name = "cross-attention"
    let slot = Slot.block
    let choices = attentionChoices
    let needsPair = true

    func objection(_ settings: Settings, width: Int, context: HeadContext) -> String? {
        attentionObjection(settings, width: width)
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        lowerAttention(x, settings, source: .partner, into: &graph)
    }
}

private let attentionChoices = [
    Choice("heads", ["1", "2", "4", "8"], standard: "4"), NormPlacement.choice, .blockDropout,
]

private func attentionObjection(_ settings: Settings, width: Int) -> String? {
    let heads = settings.integer("heads")
    return width % heads == 0 ? nil : "\(heads) heads do not divide a width of \(width)"
}

private func lowerAttention(
    _ x: Value, _ settings: Settings, source: AttentionSource, into graph: inout GraphBuilder
) -> Value {
    NormPlacement.residual(x, settings, in: &graph) { x, graph in
        // Xavier's uniform start over the packed matrix, as in PyTorch's nn.MultiheadAttention.
        let bound = (6 / Float(x.width + 3 * x.width)).squareRoot()
        let packed = graph.linear(
            x, to: 3 * x.width, name: "in_proj", initialization: .uniform(bound: bound),
            biasInitialization: .zeros)
        let mixed = graph.attention(packed, heads: settings.integer("heads"), source: source)
        return graph.linear(mixed, to: x.width, name: "out_proj", biasInitialization: .zeros)
    }
}
