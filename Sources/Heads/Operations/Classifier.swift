import Graphs

/// Logits by a linear layer, or by one hidden layer and a linear layer, on a normalised row.
///
/// With the norm `standard` and no hidden layer this is ordinary logistic regression.
struct Classifier: Operation {
    let name = "classifier"
    let slot = Slot.classifier
    let choices = [
        InputNorm.choice,
        Choice("hidden", ["0", "32", "64", "128", "256"]),
        Choice("activation", ["gelu", "relu", "tanh"]),
        Choice("dropout", ["0", "0.1", "0.3", "0.5"], standard: "0.1"),
    ]

    func canonical(_ settings: Settings) -> Settings {
        settings["hidden"] == "0" ? settings.setting("activation", to: "gelu") : settings
    }

    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int {
        context.classes
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        let rate = settings.float("dropout")
        var value = InputNorm.apply(x, settings, in: &graph)
        value = graph.dropout(value, rate: rate)
        let hidden = settings.integer("hidden")
        if hidden > 0 {
            value = graph.activation(
                graph.linear(value, to: hidden, name: "hidden"),
                Activation(rawValue: settings["activation"])!)
            value = graph.dropout(value, rate: rate)
        }
        return graph.linear(value, to: context.classes, name: "linear")
    }
}
