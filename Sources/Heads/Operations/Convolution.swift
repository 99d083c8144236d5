import Graphs

/// A convolution over neighbouring tokens and an activation: full (every output sees every input of
/// the window; Kim 2014) or depthwise followed by a pointwise layer.
struct Convolution: Operation {
    let name = "convolution"
    let slot = Slot.block
    let choices = [
        Choice("kernel", ["3", "5", "7"]), Choice("kind", ["depthwise", "full"]), .activation,
        NormPlacement.choice, .blockDropout,
    ]

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        let kernel = settings.integer("kernel")
        let activation = Activation(rawValue: settings["activation"])!
        return NormPlacement.residual(x, settings, in: &graph) { x, graph in
            if settings["kind"] == "full" {
                let windows = graph.unfold(x, kernel: kernel)
                return graph.activation(
                    graph.linear(windows, to: x.width, name: "convolution"), activation)
            }
            let mixed = graph.depthwiseConvolution(x, kernel: kernel, name: "depthwise")
            return graph.activation(
                graph.linear(mixed, to: x.width, name: "pointwise"), activation)
        }
    }
}
