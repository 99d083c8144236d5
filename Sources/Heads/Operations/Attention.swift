import Graphs

/// Multi-head attention: `W_o softmax(q k' / sqrt(d)) v` (Vaswani et al. 2017).
struct Attention: Operation {
    let name: String
    let slot = Slot.block
    let choices = [
        Choice("heads", ["1", "2", "4", "8"], standard: "4"), NormPlacement.choice, .blockDropout,
    ]
    let needsPair: Bool
    private let source: AttentionSource

    /// Within a sequence.
    static let own = Attention(name: "self-attention", needsPair: false, source: .own)
    /// From each segment of a pair to the other, with the same weights both ways.
    static let cross = Attention(name: "cross-attention", needsPair: true, source: .partner)

    func objection(_ settings: Settings, width: Int, context: HeadContext) -> String? {
        let heads = settings.integer("heads")
        return width % heads == 0 ? nil : "\(heads) heads do not divide a width of \(width)"
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
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
}
