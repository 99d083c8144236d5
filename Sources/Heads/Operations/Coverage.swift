import Graphs

/// How well the other segment covers each token: the cosine of a token's vector with what attention
/// finds for it there, spread over soft bins.
///
/// With `n` a layer norm without weights, `a_i = sum_j softmax_j(s n(x_i) n(y_j)' / sqrt(width))
/// n(y_j)` and `c_i = n(x_i) a_i' / width`; of the standardised `c` each bin takes `sigmoid(3 (c -
/// edge))`. Means over tokens then say which share of a text is covered how well, which is what
/// BERTScore's precision and recall summarise (Zhang et al. 2020), in the form of kernel pooling
/// (Xiong et al. 2017, eqs. 3 to 5). A head that sees only these few numbers has little to overfit.
struct Coverage: Operation {
    let name = "coverage"
    let slot = Slot.input
    let needsPair = true
    /// Gradient kernels on so few inputs look as if they knew the labels: where it was drawn, 22 of
    /// the 30 best-scored of 300 heads for MRPC had it (92 of the 300 do), and four of the six
    /// finalists fell short of 0.74 on dev. Linear heads are fitted with it whatever its scores.
    let isDrawn = false
    let choices = [
        Choice("sharpness", ["1", "2", "4"], standard: "4"),
        Choice("beside", ["nothing", "difference"]),
    ]

    /// Edges of the soft bins, in standard deviations from the mean: finer below the mean, where
    /// the tokens are that the other text does not cover.
    private static let edges: [Float] = [-2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1]
    private static let steepness: Float = 3

    func outputWidth(_ settings: Settings, width: Int, context: HeadContext) -> Int {
        Self.edges.count + (settings["beside"] == "difference" ? width : 0)
    }

    func lower(
        _ x: Value, _ settings: Settings, context: HeadContext, into graph: inout GraphBuilder
    ) -> Value {
        let matched = graph.unweightedLayerNorm(x, name: "match")
        let query = graph.scale(matched, by: settings.float("sharpness"), name: "sharpness")
        let aligned = graph.attention(
            graph.concatenate([query, matched, matched]), heads: 1, source: .partner)
        let sum = graph.frozen("cosine.weight", [1, x.width], .constant(1 / Float(x.width)))
        let cosine = graph.standardize(
            graph.linear(graph.binary(.multiply, matched, aligned), weight: sum, bias: nil),
            name: "cosine")
        let slope = graph.frozen(
            "bins.weight", [Self.edges.count, 1], .constant(Self.steepness))
        let edges = graph.frozen(
            "bins.bias", [Self.edges.count], .values(Self.edges.map { -Self.steepness * $0 }))
        let bins = graph.activation(
            graph.linear(cosine, weight: slope, bias: edges), .sigmoid)
        guard settings["beside"] == "difference" else { return bins }
        let found = graph.attention(
            graph.concatenate([query, matched, x]), heads: 1, source: .partner)
        return graph.concatenate([graph.binary(.absoluteDifference, x, found), bins])
    }
}
