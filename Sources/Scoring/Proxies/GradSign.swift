import Graphs

/// How far examples agree on where each weight should go, `sum_w |sum_i sign(dL_i/dw)|` (Zhang and
/// Jia, "GradSign", ICLR 2022, algorithm 1).
///
/// Gradients that vanish in exact arithmetic, such as those of attention's key bias, have no sign:
/// a gradient not above 1e-5 of the largest in its row of the weight matrix counts as zero
/// (``GradientStatistics/signThreshold``).
struct GradSign: Proxy {
    let name = "gradsign"
    let summary = "agreement of the signs of the examples' gradients (Zhang and Jia 2022)"

    func score(_ head: HeadEvaluation) -> Double {
        let statistics = head.gradientStatistics.entries
        return head.parameters.layout.trainable.reduce(0) {
            $0 + (statistics[$1.id]?.signAgreement ?? 0)
        }
    }
}
