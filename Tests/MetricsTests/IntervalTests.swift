import Metrics
import Support
import Testing

/// Expected values: Tests/Scripts/metrics_goldens.py (SciPy).
@Suite("Intervals and paired tests")
struct IntervalTests {
    let key = RandomKey(seed: 3)

    @Test(
        "McNemar's exact test is the binomial test",
        arguments: [
            (0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (3, 12, 0.03515625), (12, 3, 0.03515625),
            (0, 40, 1.8189894035458565e-12), (48, 71, 0.04326826257460872),
            (480, 610, 9.169393558605739e-05), (9000, 9400, 0.0032655409890300887),
            (1000, 2200, 3.9806214657449226e-102), (10, 2000, 0.0),
        ])
    func mcnemar(first: Int, second: Int, expected: Double) {
        let p = PairedComparison.mcnemar(onlyFirst: first, onlySecond: second)
        #expect(abs(p - expected) <= 1e-10 * expected)
    }

    @Test("quantiles are NumPy's")
    func quantiles() {
        let values = [1.0, 2, 4, 8, 16]
        for (share, expected) in [
            (0, 1.0), (0.025, 1.1), (0.3, 2.4), (0.5, 4), (0.975, 15.2), (1, 16),
        ] {
            #expect(abs(quantile(ofSorted: values, share) - expected) < 1e-12)
        }
        #expect(quantile(ofSorted: [7], 0.3) == 7)
    }

    /// Predictions that are sure of the class that they predict.
    private func sure(_ predicted: [Int], of labels: [Int]) throws -> Predictions {
        try Predictions(
            labels: labels, probabilities: predicted.map { $0 == 0 ? [1, 0] : [0, 1] })
    }

    @Test("a paired comparison counts, and its interval is SciPy's within the error of resampling")
    func paired() throws {
        let labels = [Int](repeating: 1, count: 200)
        let first = try sure((0..<200).map { $0 % 10 < 8 ? 1 : 0 }, of: labels)
        let second = try sure((0..<200).map { ($0 * 7 + 3) % 20 < 14 ? 1 : 0 }, of: labels)
        let comparison = try PairedComparison(first, second, key: key)
        #expect(comparison.metric == .accuracy)
        #expect(abs(comparison.difference - 0.1) < 1e-12)
        #expect(abs(comparison.interval.lower - 0.025) < 0.011)
        #expect(abs(comparison.interval.upper - 0.175) < 0.011)
        #expect(comparison.onlyFirst - comparison.onlySecond == 20)
        #expect(
            comparison.pValue
                == PairedComparison.mcnemar(
                    onlyFirst: comparison.onlyFirst, onlySecond: comparison.onlySecond))
        let swapped = try PairedComparison(second, first, key: key)
        #expect(swapped.difference == -comparison.difference)
        #expect(abs(swapped.interval.lower + comparison.interval.upper) < 1e-12)
        let same = try PairedComparison(first, first, key: key)
        #expect(same.difference == 0 && same.pValue == 1)
        #expect(same.interval.bounds == [0, 0])
        let other = try sure([1], of: [1])
        #expect(throws: MetricsError.self) { try PairedComparison(first, other, key: key) }
    }

    @Test(
        "a comparison by another metric is the difference of its values",
        arguments: Metric.allCases.filter { $0.applies(to: .oneClass) })
    func otherMetrics(_ metric: Metric) throws {
        let labels = (0..<90).map { $0 % 3 == 0 ? 1 : 0 }
        let first = try sure(
            labels.indices.map { $0 % 7 == 0 ? 1 - labels[$0] : labels[$0] }, of: labels)
        let second = try sure(labels.indices.map { $0 % 4 == 0 ? 0 : labels[$0] }, of: labels)
        let criterion = SelectionCriterion(metric, positive: 1)
        let comparison = try PairedComparison(by: criterion, first, second, key: key)
        let values = [first, second].map { criterion.score($0).value }
        #expect(comparison.metric == metric)
        #expect(abs(comparison.difference - (values[0] - values[1])) < 1e-12)
        #expect(comparison.interval.contains(comparison.difference))
        // Right and wrong answers are the same, whatever the metric.
        #expect(try comparison.pValue == PairedComparison(first, second, key: key).pValue)
    }

    @Test("a bootstrap interval depends on its key only, and surrounds the statistic")
    func bootstrap() throws {
        let isRight = (0..<120).map { $0 % 5 != 0 }
        func interval(level: Double = 0.95, key: RandomKey) -> ConfidenceInterval? {
            Bootstrap.interval(count: 120, level: level, key: key) { indices in
                Double(indices.count { isRight[$0] }) / 120
            }
        }
        let accuracy = try #require(interval(key: key))
        #expect(accuracy == interval(key: key))
        #expect(accuracy != interval(key: key.child("other")))
        #expect(accuracy.contains(0.8))
        // Wilson's interval of 96 of 120, by SciPy.
        #expect(abs(accuracy.lower - 0.7196) < 0.02)
        #expect(abs(accuracy.upper - 0.8617) < 0.02)
        let narrow = try #require(interval(level: 0.5, key: key))
        #expect(narrow.lower > accuracy.lower && narrow.upper < accuracy.upper)
    }

    @Test("resamples for which a statistic is undefined are left out")
    func undefined() {
        #expect(Bootstrap.interval(count: 0, key: key) { _ in 1 } == nil)
        #expect(Bootstrap.interval(count: 3, resamples: 0, key: key) { _ in 1 } == nil)
        #expect(Bootstrap.interval(count: 3, key: key) { _ in nil } == nil)
        #expect(Bootstrap.interval(count: 3, key: key) { _ in .nan } == nil)
        let some = Bootstrap.interval(count: 3, key: key) { $0[0] == 0 ? nil : 5 }
        #expect(some?.bounds == [5, 5])
    }

    @Test("an ensemble's probabilities are the mean of its models'")
    func ensemble() throws {
        let a = try Predictions(labels: [0, 1], probabilities: [[0.9, 0.1], [0.6, 0.4]])
        let b = try Predictions(labels: [0, 1], probabilities: [[0.5, 0.5], [0.2, 0.8]])
        let both = try Predictions(averaging: [a, b])
        #expect(both.predicted == [0, 1])
        #expect(zip(both.probabilities, [0.7, 0.3, 0.4, 0.6]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(throws: MetricsError.self) { try Predictions(averaging: []) }
    }
}
