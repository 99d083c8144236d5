import Foundation
import Support

/// Two classifiers on the same examples: how far apart they are, and whether that may be chance.
public struct PairedComparison: Sendable, Equatable, Codable {
    /// What is compared.
    public let metric: Metric
    /// The metric's value for the first classifier minus that for the second.
    public let difference: Double
    /// Percentile bootstrap interval of the difference; whole examples are drawn, so each keeps
    /// both of its predictions.
    public let interval: ConfidenceInterval
    /// Examples that only the first classifier has right; of numbers, those that it is nearer to.
    public let onlyFirst: Int
    /// Examples that only the second classifier has right; likewise.
    public let onlySecond: Int
    /// Two-sided p of McNemar's exact test on right and wrong answers, whatever the metric; of numbers it is
    /// the sign test on which is nearer.
    public let pValue: Double

    /// Compares what two classifiers predict.
    /// - Parameters:
    ///   - criterion: the metric; F1 is that of its class.
    ///   - first: predictions for the examples, of the classifier that may be better.
    ///   - second: predictions for the same examples.
    ///   - resamples: number of bootstrap resamples.
    ///   - level: confidence of the interval.
    ///   - key: decides the resamples.
    /// - Precondition: `resamples` is positive, `level` lies between 0 and 1.
    /// - Throws: ``MetricsError`` when examples or classes of the two differ.
    /// - Complexity: `resamples` times the examples and the square of the classes.
    public init(
        by criterion: SelectionCriterion = .accuracy, _ first: Predictions,
        _ second: Predictions, resamples: Int = Bootstrap.defaultResamples, level: Double = 0.95,
        key: RandomKey
    ) throws {
        precondition(resamples > 0, "an interval needs resamples")
        guard first.targets == second.targets, first.classes == second.classes else {
            throw MetricsError.unequalCounts(
                what: "examples of the second classifier", expected: first.count,
                found: second.count)
        }
        func difference(_ rows: [Int]) -> Double {
            criterion.value(first, rows: rows) - criterion.value(second, rows: rows)
        }
        let all = difference(Array(0..<first.count))
        let found = Bootstrap.interval(
            count: first.count, resamples: resamples, level: level, key: key,
            statistic: difference)
        metric = criterion.metric
        self.difference = all
        interval = found ?? ConfidenceInterval(lower: all, upper: all, level: level)
        switch first.targets {
        case .classes, .labels:
            let isRight = Array(zip(first.correct, second.correct))
            onlyFirst = isRight.count { $0 && !$1 }
            onlySecond = isRight.count { $1 && !$0 }
        case .numbers:
            let errors = Array(zip(first.squaredErrors, second.squaredErrors))
            onlyFirst = errors.count { $0 < $1 }
            onlySecond = errors.count { $1 < $0 }
        }
        pValue = Self.mcnemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
    }

    /// Two-sided p of McNemar's exact test (Psychometrika 1947): of the examples that exactly one
    /// classifier has right, each is equally likely to be either one's.
    /// - Precondition: neither count is negative.
    /// - Complexity: linear in the smaller count.
    public static func mcnemar(onlyFirst: Int, onlySecond: Int) -> Double {
        precondition(onlyFirst >= 0 && onlySecond >= 0, "counts are not negative")
        let fewer = min(onlyFirst, onlySecond)
        let trials = onlyFirst + onlySecond
        if onlyFirst == onlySecond { return 1 }
        // The largest term C(trials, fewer) / 2^trials, halved along the way so nothing overflows;
        // the smaller terms follow from it by their ratios.
        var term = 1.0
        var halvings = trials
        for index in 0..<fewer {
            term *= Double(trials - index) / Double(index + 1)
            while term > 1, halvings > 0 {
                term *= 0.5
                halvings -= 1
            }
        }
        var sum = 0.0
        var ratio = 1.0
        for index in stride(from: fewer, through: 0, by: -1) {
            sum += ratio
            ratio *= Double(index) / Double(trials - index + 1)
            if ratio < sum * 0x1p-60 { break }
        }
        return min(1, 2 * scalbn(term * sum, -halvings))
    }
}
