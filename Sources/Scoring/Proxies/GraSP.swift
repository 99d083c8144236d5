import Graphs
import Tensors

/// Gradient signal preservation, `-sum_w w (H g)_w`, with the gradient g and the Hessian H of the
/// mean loss (Wang, Zhang and Grosse, "GraSP", ICLR 2020, eq. 8; as a proxy Abdelfattah et al.,
/// ICLR 2021, eq. 1). The released code divides logits by a temperature of 200; here the loss is as
/// trained.
///
/// H is symmetric, so `w' H g = g' (H w)`, the slope of `<g, grad L((1 + t) w)>` at t = 0. It is
/// taken by a central difference of fourth order with t = 1/64 and 1/32: scaling all weights is a
/// step whose size suits every head. Kinks are frozen where the batch finds them (``FrozenKinks``),
/// so H is that of automatic differentiation. The error is near t^4 times the fifth derivative and
/// the rounding of the gradients divided by t, together below a thousandth.
struct GraSP: Proxy {
    let name = "grasp"
    let summary = "preserved gradient flow, -w'Hg (Wang et al. 2020)"

    private let step: Float = 1 / 64

    func score(_ head: HeadEvaluation) -> Double {
        let gradient = head.meanGradient
        let frozen = head.freezeKinks()
        let executor = Executor(frozen.graph)
        func slope(_ t: Float) -> Double {
            let moved = head.parameters.copy()
            for index in 0..<gradient.count { moved.storage.pointer[index] *= 1 + t }
            let other = head.gradient(by: executor, at: moved, of: frozen.batch) { logits in
                Loss.evaluate(
                    logits: logits, targets: head.targets, outputs: head.classes
                ).gradients.map { $0 / Float(head.exampleCount) }
            }
            // The change is small compared with what changes: products are summed in double.
            var sum = 0.0
            for index in 0..<gradient.count {
                sum += Double(gradient.pointer[index]) * Double(other.pointer[index])
            }
            return sum
        }
        let near = slope(step) - slope(-step)
        let far = slope(2 * step) - slope(-2 * step)
        return withExtendedLifetime(frozen) { -(8 * near - far) / (12 * Double(step)) }
    }
}
