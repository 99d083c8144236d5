import Tensors

/// Connection sensitivity summed over all trained weights, `sum_w |w dL/dw|` with the mean loss L
/// of the batch (Lee, Ajanthan and Torr, "SNIP", ICLR 2019, eq. 5 before normalisation; as a proxy
/// Abdelfattah et al., ICLR 2021, eq. 1).
struct SNIP: Proxy {
    let name = "snip"
    let summary = "sum of |weight * gradient| (Lee et al. 2019)"

    func score(_ head: HeadEvaluation) -> Double {
        let gradient = head.meanGradient
        let weights = head.parameters.storage.pointer
        var sum = 0.0
        for index in 0..<gradient.count {
            sum += Double(abs(weights[index] * gradient.pointer[index]))
        }
        return sum
    }
}
