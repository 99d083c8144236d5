/// Connection sensitivity (Lee, Ajanthan and Torr, ICLR 2019, eq. 5; as a score of architectures,
/// Abdelfattah et al., ICLR 2021): `sum_k |w_k dL/dw_k|`, L being the mean loss.
struct SNIP: Proxy {
    let name = "snip"
    let summary = "sum of |weight x gradient| (Lee et al. 2019)"

    func score(_ head: HeadEvaluation) -> Double {
        let gradient = head.meanGradient
        // Trained weights stand first, in the gradient's layout.
        var sum = 0.0
        for index in 0..<gradient.count {
            sum += Double(abs(head.parameters.storage.pointer[index] * gradient.pointer[index]))
        }
        return sum
    }
}
