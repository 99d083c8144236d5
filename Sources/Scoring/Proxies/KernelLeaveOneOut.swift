import Metrics

/// Minus the leave-one-out squared error of kernel ridge regression with the output kernel, at the
/// ridge where it is least (``KernelRidge``).
///
/// ``KernelRegression`` learns from half of the batch; this one learns from all but one example, so
/// its error is closer to that of a head trained on much data, and less noisy. The ridge has seen
/// every label, which favours all heads alike.
struct KernelLeaveOneOut: Proxy {
    let name = "ntk-loo"
    let summary = "minus the leave-one-out error of kernel regression with the output kernel"
    let readsKernel = true

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        guard n >= 4 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 4, found: n)
        }
        guard let regression = KernelRidge(head.outputGram, n) else {
            throw ScoringError.nonFinite(proxy: name)
        }
        let targets = (0..<head.classes).map { head.targets.values(of: $0) }
        return -regression.leastLeaveOneOutError(targets).error / Double(n)
    }
}
