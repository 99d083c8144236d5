import CKernels
import Tensors

/// Multinomial logistic regression with an L2 penalty on the weights, not on the intercepts.
struct LogisticObjective {
    let rows: FloatStorage
    let labels: [Int32]
    let width: Int
    let classes: Int
    let strength: Double
    /// A weight for each row's loss, or none.
    var rowWeights: [Float]?

    /// Weights `[classes, width]` and intercepts `[classes]`.
    var count: Int { classes * (width + 1) }

    static func logits(
        _ rows: FloatStorage, _ weights: [Float], width: Int, classes: Int
    ) -> [Float] {
        let n = rows.count / width
        var logits = [Float](repeating: 0, count: n * classes)
        weights.withUnsafeBufferPointer { w in
            let base = w.baseAddress!
            knas_fill_rows(Int64(n), Int64(classes), base + classes * width, &logits)
            logits.withUnsafeMutableBufferPointer {
                BLAS.multiply(
                    rows.pointer, strideA: width, base, .transposed, strideB: width,
                    into: $0.baseAddress!, strideC: classes, m: n, n: classes, k: width, beta: 1)
            }
        }
        return logits
    }

    static func probabilities(
        _ rows: FloatStorage, _ weights: [Float], width: Int, classes: Int
    ) -> [Float] {
        var result = logits(rows, weights, width: width, classes: classes)
        let n = Int64(rows.count / width)
        knas_softmax_rows(n, Int64(classes), Int64(classes), 1, &result)
        return result
    }

    /// The mean loss without the penalty.
    func loss(_ weights: [Float]) -> Double {
        let w = weights[..<(classes * width)]
        let penalty = w.reduce(0) { $0 + Double($1) * Double($1) }
        return evaluate(weights).value - 0.5 * penalty / (strength * Double(labels.count))
    }

    /// The objective divided by `C n`, and its gradient.
    func evaluate(_ weights: [Float]) -> (value: Double, gradient: [Float]) {
        let n = labels.count
        var logits = Self.logits(rows, weights, width: width, classes: classes)
        var losses = [Float](repeating: 0, count: n)
        var slopes = [Float](repeating: 0, count: n * classes)
        knas_cross_entropy(
            Int64(n), Int64(classes), &logits, labels, rowWeights, 0, &losses, &slopes)
        let decay = 1 / (strength * Double(n))
        var gradient = [Float](repeating: 0, count: count)
        var value = knas_sum(Int64(n), losses) / Double(n)
        weights.withUnsafeBufferPointer { w in
            gradient.withUnsafeMutableBufferPointer { g in
                let base = g.baseAddress!
                base.update(from: w.baseAddress!, count: classes * width)
                BLAS.multiply(
                    slopes, .transposed, strideA: classes, rows.pointer, strideB: width,
                    into: base, strideC: width, m: classes, n: width, k: n,
                    alpha: 1 / Float(n), beta: Float(decay))
                knas_column_sums(
                    Int64(n), Int64(classes), slopes, base + classes * width, 0)
                knas_scale(
                    Int64(classes), 1 / Float(n), base + classes * width, base + classes * width)
            }
            value +=
                0.5 * decay
                * knas_dot(
                    Int64(classes * width), w.baseAddress!, w.baseAddress!)
        }
        return (value, gradient)
    }
}
