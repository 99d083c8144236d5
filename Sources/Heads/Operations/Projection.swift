import Graphs

/// `y = f(W x + b)`, or the features as they are (width `full`).
struct Projection: Operation {
    let name = "projection"
    let slot = Slot.input
    let choices = [
        Choice("width", ["full", "64", "96", "128", "192", "256"], standard: "128"),
        Choice("activation", ["none", "gelu", "tanh"]),
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
        guard settings["width"] != "full" else { return x }
        let value = graph.linear(x, to: settings.integer("width"), name: "linear")
        guard let activation = Activation(rawValue: settings["activation"]) else { return value }
        return graph.activation(value, activation)
    }
}
