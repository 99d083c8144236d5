import Graphs

/// What is made of the two rows `u` and `v` of a pair (Conneau et al. 2017; Mou et al. 2016).
struct PairInteraction: Operation {
    let name = "pair"
    let slot = Slot.interaction
    let needsPair = true
    let choices = [
        Choice(
            "kind", ["all", "concatenation", "difference-product", "bilinear"])
    ]

    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int {
        switch settings["kind"] {
        case "all": 4 * width
        case "concatenation", "difference-product": 2 * width
        default: 3 * width
        }
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        let u = graph.segment(x, 0)
        let v = graph.segment(x, 1)
        switch settings["kind"] {
        case "concatenation":
            return graph.concatenate([u, v])
        case "difference-product":
            return graph.concatenate([
                graph.binary(.absoluteDifference, u, v), graph.binary(.multiply, u, v),
            ])
        case "bilinear":
            // u, v and (W u) * v, whose sum over features would be the bilinear form u' W' v.
            let mapped = graph.linear(u, to: u.width, name: "bilinear", bias: false)
            return graph.concatenate([u, v, graph.binary(.multiply, mapped, v)])
        default:
            return graph.concatenate([
                u, v, graph.binary(.absoluteDifference, u, v), graph.binary(.multiply, u, v),
            ])
        }
    }
}
