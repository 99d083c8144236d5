import Foundation
import Support

/// Two classifiers on the same examples: how far apart they are, and whether that may be chance.
public struct PairedComparison: Sendable, Equatable, Codable {
    /// Accuracy of the first classifier minus that of the second.
    public let difference: Double
    /// Percentile bootstrap interval of the difference; whole examples are drawn, so each keeps
    /// both of its predictions.
    public let interval: ConfidenceInterval
    /// Examples that only the first classifier has right.
    public let onlyFirst: Int
    /// Examples that only the second classifier has right.
    public let onlySecond: Int
    /// Two-sided p of McNemar's exact test.
    public let pValue: Double

    /// Compares two classifiers that were trained several times each: the difference of their mean
    /// accuracies, its interval over the examples (trainings are not resampled), and McNemar's test
    /// on the majority vote of each side's predictions (ties go to the lowest class).
    /// - Parameters:
    ///   - labels: true classes, `[examples]`.
    ///   - first: for each training of the first classifier the predicted classes, `[examples]`.
    ///   - second: the same for the second classifier.
    ///   - resamples: number of bootstrap resamples.
    ///   - level: confidence of the interval.
    ///   - key: decides the resamples.
    /// - Precondition: `resamples` is positive, `level` lies between 0 and 1.
    /// - Throws: ``MetricsError`` when there are no examples or trainings, or the numbers differ.
    public init(
        labels: [Int], first: [[Int]], second: [[Int]],
        resamples: Int = Bootstrap.defaultResamples, level: Double = 0.95, key: RandomKey
    ) throws {
        precondition(resamples > 0, "an interval needs resamples")
        guard !labels.isEmpty else { throw MetricsError.empty(what: "examples") }
        guard !first.isEmpty, !second.isEmpty else { throw MetricsError.empty(what: "trainings") }
        for (name, runs) in [("first", first), ("second", second)] {
            for run in runs where run.count != labels.count {
                throw MetricsError.unequalCounts(
                    what: "predictions of the \(name) classifier", expected: labels.count,
                    found: run.count)
            }
        }
        func share(_ runs: [[Int]], _ row: Int) -> Double {
            Double(runs.count { $0[row] == labels[row] }) / Double(runs.count)
        }
        let gains = labels.indices.map { share(first, $0) - share(second, $0) }
        let count = Double(labels.count)
        let mean = gains.reduce(0, +) / count
        let found = Bootstrap.interval(
            count: gains.count, resamples: resamples, level: level, key: key
        ) { indices in indices.reduce(0) { $0 + gains[$1] } / count }
        difference = mean
        interval = found ?? ConfidenceInterval(lower: mean, upper: mean, level: level)
        let votes = [first, second].map { zip(Self.majority($0), labels).map(==) }
        onlyFirst = labels.indices.count { votes[0][$0] && !votes[1][$0] }
        onlySecond = labels.indices.count { votes[1][$0] && !votes[0][$0] }
        pValue = Self.mcnemar(onlyFirst: onlyFirst, onlySecond: onlySecond)
    }

    private static func majority(_ runs: [[Int]]) -> [Int] {
        runs[0].indices.map { row in
            var votes: [Int: Int] = [:]
            for run in runs { votes[run[row], default: 0] += 1 }
            return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
        }
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
