import Foundation
import Support

extension SelectionCriterion {
    /// The 95 % interval of the metric, as far as so many rows can tell: for accuracy Wilson's score interval (Journal of the
    /// American Statistical Association 1927), which holds for a handful of rows too; for other metrics the
    /// percentile bootstrap over rows.
    ///
    /// - Parameters:
    ///   - predictions: of rows that had no say in what predicts them.
    ///   - key: decides the resamples.
    /// - Returns: `nil` where the metric is undefined.
    public func interval(_ predictions: Predictions, key: RandomKey) -> ConfidenceInterval? {
        guard metric == .accuracy, predictions.targets.kind == .oneClass else {
            return Bootstrap.interval(count: predictions.count, key: key) {
                value(predictions, rows: $0)
            }
        }
        return ConfidenceInterval.wilson(
            right: predictions.correct.count { $0 }, of: predictions.count)
    }
}

extension ConfidenceInterval {
    /// The 95 % interval of a share: `right` of `count`.
    /// - Precondition: `count` is positive.
    static func wilson(right: Int, of count: Int) -> ConfidenceInterval {
        precondition(count > 0, "a share of something")
        let z = 1.959964
        let (n, p) = (Double(count), Double(right) / Double(count))
        let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        let width = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
        return ConfidenceInterval(
            // Rounding must not leave the share outside.
            lower: max(0, min(p, middle - width)), upper: min(1, max(p, middle + width)),
            level: 0.95)
    }
}
