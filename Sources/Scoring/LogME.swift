import COpenBLAS
import Foundation
import Tensors

/// How well features explain labels, by the evidence of a Bayesian linear model: LogME (You, Liu, Wang and
/// Long, LogME: Practical Assessment of Pre-trained Models for Transfer Learning, ICML 2021).
///
/// Each class is a target of ones and zeros. Weights have a Gaussian prior of precision alpha, labels noise of
/// precision beta; both are set to what makes the labels most probable, by MacKay's fixed point (algorithm
/// 2). The score is the logarithm of the evidence for a row, averaged over classes: nothing is held out.
///
///     let score = LogME.score(rows, width: 384, labels: labels, classes: 4)
public enum LogME {
    /// Fixed-point steps at most; as in the authors' program.
    private static let steps = 11
    /// The relative change of alpha / beta that ends the iteration; as there.
    private static let tolerance = 0.01
    /// What keeps precisions finite where labels are explained perfectly; as there.
    private static let epsilon = 1e-5

    /// - Parameters:
    ///   - rows: `[examples, width]`, row by row.
    ///   - width: numbers of an example.
    ///   - labels: the class of each example.
    ///   - classes: how many there are.
    /// - Returns: nats for each row and class, higher is better; `nil` where there is nothing to say:
    ///   no rows, or features that are not finite.
    /// - Complexity: O(examples * width * min(examples, width)).
    public static func score(
        _ rows: [Float], width: Int, labels: [Int32], classes: Int
    ) -> Double? {
        let n = labels.count
        precondition(rows.count == n * width, "a row for each label")
        guard n > 0, width > 0, classes > 0, let spectrum = Spectrum(rows, n, width) else {
            return nil
        }
        var sum = 0.0
        for label in 0..<classes {
            let target = labels.map { $0 == label ? 1.0 : 0 }
            sum += evidence(spectrum, target, n, width)
        }
        let score = sum / Double(classes)
        return score.isFinite ? score : nil
    }

    /// The evidence of one target, divided by the rows (equation 2 with the optimum of section 4.3).
    private static func evidence(
        _ spectrum: Spectrum, _ target: [Double], _ n: Int, _ width: Int
    ) -> Double {
        let projected = spectrum.project(target)
        let squares = target.reduce(0) { $0 + $1 * $1 }
        // Directions without any feature: their weights keep their prior.
        let silent = Double(width - spectrum.values.count)
        var (alpha, beta) = (1.0, 1.0)
        var (norm, miss) = (0.0, 0.0)
        var ratio = 1.0
        for _ in 0..<steps {
            var gamma = 0.0
            (norm, miss) = (0, squares)
            for (value, part) in zip(spectrum.values, projected) {
                gamma += value / (value + ratio)
                // The posterior mean along an eigenvector of F'F.
                let weight = beta * part / (alpha + beta * value)
                norm += weight * weight
                miss += weight * (value * weight - 2 * part)
            }
            miss = max(0, miss)
            alpha = gamma / (norm + epsilon)
            beta = (Double(n) - gamma) / (miss + epsilon)
            let next = alpha / beta
            let change = abs(next - ratio) / ratio
            ratio = next
            if change < tolerance { break }
        }
        let determinant = spectrum.values.reduce(silent * log(alpha)) {
            $0 + log(alpha + beta * $1)
        }
        let count = Double(n)
        let evidence =
            0.5
            * (Double(width) * log(alpha) + count * log(beta) - determinant
                - beta * (miss + epsilon) - alpha * (norm + epsilon) - count * log(2 * .pi))
        return evidence / count
    }

    /// The eigenvalues of F'F that can differ from zero, and how targets project on its eigenvectors.
    private struct Spectrum {
        let values: [Double]
        /// Row `k` times a target is the target's part along eigenvector `k`, `[values, n]`.
        private let directions: [Double]
        private let n: Int

        init?(_ rows: [Float], _ n: Int, _ width: Int) {
            self.n = n
            let features = rows.map(Double.init)
            let isTall = n > width
            let order = isTall ? width : n
            var gram = [Double](repeating: 0, count: order * order)
            // Reading the name keeps OpenBLAS to the calling thread.
            _ = BLAS.kernelName
            cblas_dsyrk(
                CblasRowMajor, CblasUpper, isTall ? CblasTrans : CblasNoTrans, Int32(order),
                Int32(isTall ? n : width), 1, features, Int32(width), 0, &gram, Int32(order))
            for row in 0..<order {
                for column in 0..<row { gram[row * order + column] = gram[column * order + row] }
            }
            guard let eigen = SymmetricEigen(gram, order, vectors: true) else { return nil }
            values = eigen.values.map { max(0, $0) }
            if isTall {
                // V'F'
                var product = [Double](repeating: 0, count: order * n)
                cblas_dgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, Int32(order), Int32(n), Int32(width),
                    1, eigen.vectors, Int32(width), features, Int32(width), 0, &product, Int32(n))
                directions = product
            } else {
                // F F' = U S U', and V'F' = sqrt(S) U'.
                var scaled = eigen.vectors
                for row in 0..<order {
                    let scale = values[row].squareRoot()
                    for column in 0..<n { scaled[row * n + column] *= scale }
                }
                directions = scaled
            }
        }

        func project(_ target: [Double]) -> [Double] {
            values.indices.map { k in
                var sum = 0.0
                for row in 0..<n { sum += directions[k * n + row] * target[row] }
                return sum
            }
        }
    }
}
