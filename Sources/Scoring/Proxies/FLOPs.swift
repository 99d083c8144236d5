import Graphs

/// The multiply-adds of a forward pass of the scoring batch (``Graph/multiplyAdds(_:)``): a control
/// that, unlike the number of weights, sees how often they are used.
struct FLOPs: Proxy {
    let name = "flops"
    let summary = "multiply-adds of a forward pass of the scoring batch (control)"

    func score(_ head: HeadEvaluation) -> Double { Double(head.graph.multiplyAdds(head.batch)) }
}
