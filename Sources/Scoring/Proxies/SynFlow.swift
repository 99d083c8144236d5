import Graphs
import Tensors

/// Synaptic flow, `sum_w |w dR/dw|`, where every trained weight is replaced by its magnitude, the
/// input by ones, and R is the sum of the logits (Tanaka et al., NeurIPS 2020, eq. 2; as a proxy
/// Abdelfattah et al., ICLR 2021, eq. 1). Labels and features play no part, the lengths of the
/// texts do.
///
/// Everything else runs as in evaluation: dropout is off, softmax and activations are computed as
/// they are, and layer norms normalise (with the magnitudes of their gains and shifts), which
/// bounds the flow through them. Frozen parameters keep their signs.
struct SynFlow: Proxy {
    let name = "synflow"
    let summary = "synaptic flow of the weights' magnitudes (Tanaka et al. 2020)"

    func score(_ head: HeadEvaluation) -> Double {
        let magnitudes = head.parameters.copy()
        for index in 0..<magnitudes.layout.trainableCount {
            magnitudes.storage.pointer[index] = abs(magnitudes.storage.pointer[index])
        }
        let width = head.inputWidths.max() ?? 0
        let ones = FloatStorage(count: head.batch.tokenCount * width)
        ones.fill(1)
        var batch = head.batch
        batch.inputs = batch.inputs.map { _ in UnsafePointer(ones.pointer) }
        let flow = head.gradient(by: head.executor, at: magnitudes, of: batch) { _ in
            [Float](repeating: 1, count: head.exampleCount * head.classes)
        }
        var sum = 0.0
        for index in 0..<flow.count {
            sum += Double(abs(magnitudes.storage.pointer[index] * flow.pointer[index]))
        }
        return withExtendedLifetime(ones) { sum }
    }
}
