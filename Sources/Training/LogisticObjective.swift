import CKernels
import Graphs
import Metrics
import Tensors

/// Regression with an L2 penalty on the weights, not on the intercepts, by the ``Loss`` of the targets:
/// multinomial logistic regression for classes, one logistic regression for each label (one against the
/// rest), ridge regression for numbers.
struct LogisticObjective {
    let rows: FloatStorage
    let targets: Targets
    let width: Int
    let classes: Int
    let strength: Double
    /// A weight for each row's loss, or none.
    var rowWeights: [Float]?

    /// Weights `[classes, width]` and intercepts `[classes]`.
    var count: Int { classes * (width + 1) }

    /// Classes up to which a matrix product is slower than one pass over the rows.
    private static let fewClasses = 4

    static func logits(
        _ rows: FloatStorage, _ weights: [Float], width: Int, classes: Int
    ) -> [Float] {
        let n = rows.count / width
        var logits = [Float](repeating: 0, count: n * classes)
        weights.withUnsafeBufferPointer { w in
            let base = w.baseAddress!
            knas_fill_rows(Int64(n), Int64(classes), base + classes * width, &logits)
            guard classes > fewClasses else {
                knas_row_dots(
                    Int64(n), Int64(width), rows.pointer, Int64(classes), base, &logits)
                return
            }
            logits.withUnsafeMutableBufferPointer {
                BLAS.multiply(
                    rows.pointer, strideA: width, base, .transposed, strideB: width,
                    into: $0.baseAddress!, strideC: classes, m: n, n: classes, k: width, beta: 1)
            }
        }
        return logits
    }

    /// The mean second derivative of the loss by an output, which the curvature is scaled by: over rows the
    /// variance of the class, as one of `classes - 1` directions has it; that of each label; 1 for
    /// squared errors.
    func spread(at weights: [Float]) -> Float {
        guard targets.kind != .number else { return 1 }
        var shares = Self.logits(rows, weights, width: width, classes: classes)
        let space: TargetSpace =
            targets.kind == .oneClass ? .classes(classes) : .labels(classes)
        space.answers(overwriting: &shares, rows: targets.count)
        let sum = shares.reduce(0.0) { $0 + Double($1) * (1 - Double($1)) }
        let directions = targets.kind == .oneClass ? max(1, classes - 1) : classes
        return max(1e-3, Float(sum / Double(targets.count * directions)))
    }

    /// The mean loss without the penalty.
    func loss(_ weights: [Float]) -> Double {
        let w = weights[..<(classes * width)]
        let penalty = w.reduce(0) { $0 + Double($1) * Double($1) }
        return evaluate(weights).value - 0.5 * penalty / (strength * Double(targets.count))
    }

    /// The objective divided by `C n`, and its gradient.
    func evaluate(_ weights: [Float]) -> (value: Double, gradient: [Float]) {
        let n = targets.count
        let logits = Self.logits(rows, weights, width: width, classes: classes)
        let (losses, slopes) = Loss.evaluate(
            logits: logits, targets: targets, outputs: classes, weights: rowWeights)
        let decay = 1 / (strength * Double(n))
        var gradient = [Float](repeating: 0, count: count)
        var value = knas_sum(Int64(n), losses) / Double(n)
        weights.withUnsafeBufferPointer { w in
            gradient.withUnsafeMutableBufferPointer { g in
                let base = g.baseAddress!
                let weights = Int64(classes * width)
                if classes <= Self.fewClasses {
                    knas_weighted_row_sums(
                        Int64(n), Int64(width), rows.pointer, Int64(classes), slopes, base)
                    knas_scale(weights, 1 / Float(n), base, base)
                    knas_axpy(weights, Float(decay), w.baseAddress!, base)
                } else {
                    base.update(from: w.baseAddress!, count: classes * width)
                    BLAS.multiply(
                        slopes, .transposed, strideA: classes, rows.pointer, strideB: width,
                        into: base, strideC: width, m: classes, n: width, k: n,
                        alpha: 1 / Float(n), beta: Float(decay))
                }
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
