import Foundation

/// The inverse coefficient of variation of gradients over samples (Li et al., "ZiCo", ICLR 2023,
/// eq. 14): `sum_l log sum_{w in l} mean_i |g_i| / std_i g_i`.
///
/// The paper takes i over mini-batches, two in the released code; here every example is a
/// mini-batch of its own, since a spread over two values is mostly chance. As in the released code,
/// the spread is that of signed gradients over the population, weights that do not vary are left
/// out, layers are weight matrices and filters without their shifts, and a layer with nothing left
/// adds nothing.
struct ZiCo: Proxy {
    let name = "zico"
    let summary = "mean to spread of the gradients over examples (Li et al. 2023)"

    func score(_ head: HeadEvaluation) throws -> Double {
        guard head.exampleCount >= 2 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 2, found: head.exampleCount)
        }
        let statistics = head.gradientStatistics.entries
        return head.parameters.layout.trainable.reduce(0) { total, entry in
            guard entry.parameter.shape.count >= 2, let sum = statistics[entry.id]?.meanToSpread,
                sum != 0
            else { return total }
            return total + log(sum)
        }
    }
}
