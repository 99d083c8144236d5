import Graphs

/// One row per sequence: its first token, the mean or the maximum of its tokens.
struct SimplePooling: Operation {
    let kind: Pooling
    var name: String { "pool-\(kind.rawValue)" }
    let slot = Slot.pooling
    let choices: [Choice] = []

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        graph.pool(x, kind)
    }
}

/// The mean of the tokens weighted by a softmax of `v' tanh(W x)` (Yang et al. 2016, eqs. 5 to 7).
struct AttentionPooling: Operation {
    let name = "pool-attention"
    let slot = Slot.pooling
    let choices = [Choice("hidden", ["0", "32", "64"])]

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        let hidden = settings.integer("hidden")
        var scored = x
        if hidden > 0 {
            scored = graph.activation(graph.linear(x, to: hidden, name: "hidden"), .tanh)
        }
        // A bias would add the same to every score, which a softmax ignores.
        let scores = graph.linear(scored, to: 1, name: "score", bias: false)
        return graph.attentionPool(scores: scores, x)
    }
}
