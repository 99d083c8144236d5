/// Minus the condition number of the output kernel, the largest eigenvalue over the smallest (Chen,
/// Gong and Wang, "TE-NAS", ICLR 2021, section 3.1.1): heads whose kernel is well conditioned train
/// fast.
///
/// The kernel is the neural tangent kernel traced over classes. It is computed in float32, so no
/// eigenvalue below 1e-7 of the largest means anything: the condition number is at most 1e7.
struct NTKCondition: Proxy {
    let name = "ntk-condition"
    let summary = "minus the condition number of the output kernel (Chen et al. 2021)"
    let readsKernel = true

    private let limit = 1e7

    func score(_ head: HeadEvaluation) throws -> Double {
        guard let eigen = SymmetricEigen(head.outputGram, head.exampleCount),
            let smallest = eigen.values.first, let largest = eigen.values.last
        else { throw ScoringError.nonFinite(proxy: name) }
        guard largest > 0, smallest > largest / limit else { return -limit }
        return -largest / smallest
    }
}
