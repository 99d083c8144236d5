import CKernels
import Tensors

/// The sum over parameter tensors of the Euclidean norm of the gradient of the mean loss
/// (Abdelfattah et al., ICLR 2021, section 3.1).
struct GradientNorm: Proxy {
    let name = "grad-norm"
    let summary = "sum of the gradient norms of the parameter tensors (Abdelfattah et al. 2021)"

    func score(_ head: HeadEvaluation) -> Double {
        let gradient = head.meanGradient
        return head.parameters.layout.trainable.reduce(0) { sum, entry in
            let start = gradient.pointer + entry.range.lowerBound
            return sum + knas_dot(Int64(entry.range.count), start, start).squareRoot()
        }
    }
}

/// The number of trained weights: a control that beats many proxies.
struct ParameterCount: Proxy {
    let name = "parameters"
    let summary = "number of trained weights (control)"

    func score(_ head: HeadEvaluation) -> Double { Double(head.graph.trainableCount) }
}

extension FloatStorage {
    /// The sum of squares, accumulated in double.
    var squaredNorm: Double { knas_dot(Int64(count), pointer, pointer) }
}
