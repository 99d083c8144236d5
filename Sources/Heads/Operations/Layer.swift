import Graphs

/// The encoder's hidden states that a head reads: one layer, or a learned softmax mix of all the
/// search's layers (scalar mix, Peters et al. 2018), normalised, with dropout.
struct Layer: SourceOperation {
    /// The value of `of` for the mix.
    static let mix = "mix"

    let name = "layer"
    let slot = Slot.source
    let choices = [Choice("of", ["top"]), InputNorm.choice, dropout]
    private static let dropout = Choice("dropout", ["0", "0.1", "0.3"])

    func choices(in context: HeadContext) -> [Choice] {
        let numbers = context.layers.map(String.init)
        return [
            Choice(
                "of", numbers.count > 1 ? numbers + [Self.mix] : numbers,
                standard: numbers[numbers.count - 1]),
            InputNorm.choice, Self.dropout,
        ]
    }

    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int {
        context.inputWidth
    }

    func lower(
        layers: [Value], _ settings: Settings, context: HeadContext,
        into graph: inout GraphBuilder
    ) -> Value {
        let value: Value
        if settings["of"] == Self.mix {
            var normed: [Value] = []
            for (layer, x) in zip(context.layers, layers) {
                normed.append(
                    InputNorm.apply(x, settings, name: "norm\(layer)", in: &graph))
            }
            value = graph.mix(normed, name: "mix")
        } else {
            let place = context.layers.firstIndex(of: settings.integer("of")) ?? 0
            value = InputNorm.apply(layers[place], settings, in: &graph)
        }
        return graph.dropout(value, rate: settings.float("dropout"))
    }
}
