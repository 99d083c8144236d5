import Graphs

/// `W_2 f(W_1 x)` token by token (Vaswani et al. 2017, eq. 2).
struct FeedForward: Operation {
    let name = "feed-forward"
    let slot = Slot.block
    let choices = [
        Choice("ratio", ["1", "2", "4"], standard: "2"), .activation, NormPlacement.choice,
        .blockDropout,
    ]

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        NormPlacement.residual(x, settings, in: &graph) { x, graph in
            let hidden = graph.linear(
                x, to: settings.integer("ratio") * x.width, name: "linear1")
            let active = graph.activation(hidden, Activation(rawValue: settings["activation"])!)
            return graph.linear(active, to: x.width, name: "linear2")
        }
    }
}

/// `W_2 (f(W_g x) * W_1 x)` token by token (Shazeer 2020, eq. 6).
struct GatedFeedForward: Operation {
    let name = "gated-feed-forward"
    let slot = Slot.block
    let choices = [
        Choice("ratio", ["1", "2", "4"], standard: "2"),
        Choice("gate", ["silu", "gelu", "sigmoid"]), NormPlacement.choice, .blockDropout,
    ]

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        NormPlacement.residual(x, settings, in: &graph) { x, graph in
            let width = settings.integer("ratio") * x.width
            let gate = graph.activation(
                graph.linear(x, to: width, name: "gate"),
                Activation(rawValue: settings["gate"])!)
            let value = graph.linear(x, to: width, name: "linear1")
            return graph.linear(
                graph.binary(.multiply, gate, value), to: x.width, name: "linear2")
        }
    }
}

/// A bottleneck `W_up f(W_down x)` (Houlsby et al. 2019), starting near the identity.
struct Adapter: Operation {
    let name = "adapter"
    let slot = Slot.block
    let choices = [
        Choice("bottleneck", ["8", "16", "32"], standard: "16"), .activation,
        NormPlacement.choice, .blockDropout,
    ]

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        NormPlacement.residual(x, settings, in: &graph) { x, graph in
            let down = graph.linear(x, to: settings.integer("bottleneck"), name: "down")
            let active = graph.activation(down, Activation(rawValue: settings["activation"])!)
            return graph.linear(
                active, to: x.width, name: "up", initialization: .uniform(bound: 0.01),
                biasInitialization: .zeros)
        }
    }
}
