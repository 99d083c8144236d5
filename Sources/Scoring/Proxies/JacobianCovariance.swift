import Foundation
import Graphs
import Tensors

/// The score of the first version of NASWOT (Mellor et al., arXiv:2006.04647v1, eq. 3 and 4): with
/// the eigenvalues v of the correlation matrix between the examples' input Jacobians, `-sum_i
/// (log(v_i + k) + 1 / (v_i + k))`, k = 1e-5.
///
/// As in the released code the Jacobian of an example is the gradient of the sum of its logits with
/// respect to its input. Texts have different lengths: the gradients of a segment's tokens are
/// added up, the segments of a pair stay side by side, `[segments * width]`. Where a Jacobian does
/// not vary at all its correlations count as zero, with itself as one. Eigenvalues below zero are
/// rounding and count as zero.
struct JacobianCovariance: Proxy {
    let name = "jacobian-covariance"
    let summary = "how little the examples' input Jacobians correlate (Mellor et al. 2020)"

    let readsInputGradients = true

    private let k = 1e-5

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        guard n >= 2 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 2, found: n)
        }
        guard let eigen = SymmetricEigen(correlations(head.inputGradients), n) else {
            throw ScoringError.nonFinite(proxy: name)
        }
        return -eigen.values.reduce(0) {
            let value = max($1, 0) + k
            return $0 + log(value) + 1 / value
        }
    }

    private func correlations(_ rows: [[Double]]) -> [Double] {
        let directions = rows.flatMap { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let centred = row.map { $0 - mean }
            let norm = centred.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return norm > 0 ? centred.map { $0 / norm } : centred
        }
        let n = rows.count
        var result = BLAS.gram(directions, rows: n)
        // A NaN in a Jacobian must not be hidden.
        for i in 0..<n { result[i * n + i] = result[i * n + i].isFinite ? 1 : .nan }
        return result
    }
}
