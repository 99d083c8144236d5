import Graphs

/// `y = f(W x + b)`, or the features as they are (width `full`).
struct Projection: Operation {
    let name = "projection"
    let slot = Slot.input
    let choices = [
        Choice("width", ["full", "64", "96", "128", "192", "256"], standard: "128"),
        Choice("activation", ["none", "gelu", "tanh"]),
        Choice("norm", ["none", "layer"]),
        Choice("dropout", ["0", "0.1", "0.3"], standard: "0.1"),
    ]

    func canonical(_ settings: Settings) -> Settings {
        settings["width"] == "full" ? settings.setting("activation", to: "none") : settings
    }

    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int {
        settings["width"] == "full" ? width : settings.integer("width")
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        var value = graph.dropout(x, rate: settings.float("dropout"))
        if settings["norm"] == "layer" { value = graph.layerNorm(value, name: "norm") }
        guard settings["width"] != "full" else { return value }
        value = graph.linear(value, to: settings.integer("width"), name: "linear")
        if let activation = Activation(rawValue: settings["activation"]) {
            value = graph.activation(value, activation)
        }
        return value
    }
}
