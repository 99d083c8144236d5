import Graphs

/// The Fisher information of the activations (Turner et al., "BlockSwap", ICLR 2020, eq. 2; as a
/// proxy Abdelfattah et al., ICLR 2021, eq. 1): over the activation functions and their channels c,
/// `sum_c 1/(2n) sum_i (sum_t a_itc dL_i/da_itc)^2`.
///
/// L_i is the loss of example i, `a` the output of an activation function, and t runs over all rows
/// that the example has there: its tokens (of both segments of a pair), as pixels in the papers, or
/// its sequences. A head without activation functions scores zero.
struct Fisher: Proxy {
    let name = "fisher"
    let summary = "Fisher information of the activations (Turner et al. 2020)"

    func score(_ head: HeadEvaluation) -> Double {
        let wanted = Set(head.activationNodes)
        guard !wanted.isEmpty else { return 0 }
        var total = 0.0
        // With memory for the input's gradient, activations before every weight get one too.
        head.backward(
            head.logitGradients, into: NoParameterGradients(),
            inputGradients: head.inputWidths.map { _ in nil }
        ) { index, gradient in
            guard wanted.contains(index) else { return }
            let node = head.graph.nodes[index]
            let values = head.executor.activations(of: index)
            for example in 0..<head.exampleCount {
                var sums = [Double](repeating: 0, count: node.width)
                for row in head.rows(of: example, in: node.space) {
                    for column in 0..<node.width {
                        let place = row * node.width + column
                        sums[column] += Double(values[place]) * Double(gradient[place])
                    }
                }
                for sum in sums { total += sum * sum }
            }
        }
        return total / Double(2 * head.exampleCount)
    }
}
