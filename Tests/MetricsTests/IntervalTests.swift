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

    @Test(
        "Wilson's interval is SciPy's",
        arguments: [
            (0, 10, 0.95, 0.0, 0.27753279986288926), (10, 10, 0.95, 0.7224672001371109, 1.0),
            (7, 10, 0.95, 0.39677814746114526, 0.892208732593699),
            (1312, 1725, 0.95, 0.739877221166041, 0.7801241910011806),
            (3, 7, 0.99, 0.11637368051613817, 0.8102850959116125),
            (1, 1, 0.5, 0.6873152559174167, 1.0), (0, 0, 0.95, 0, 1),
        ])
    func wilson(successes: Int, trials: Int, level: Double, lower: Double, upper: Double) {
        let interval = ConfidenceInterval.wilson(
            successes: successes, trials: trials, level: level)
        #expect(abs(interval.lower - lower) < 1e-12)
        #expect(abs(interval.upper - upper) < 1e-12)
        #expect(interval.level == level)
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

    @Test("a paired comparison counts, and its interval is SciPy's within the error of resampling")
    func paired() throws {
        let labels = [Int](repeating: 1, count: 200)
        let first = (0..<200).map { $0 % 10 < 8 ? 1 : 0 }
        let second = (0..<200).map { ($0 * 7 + 3) % 20 < 14 ? 1 : 0 }
        let comparison = try PairedComparison(
            labels: labels, first: first, second: second, key: key)
        #expect(abs(comparison.difference - 0.1) < 1e-12)
        #expect(abs(comparison.interval.lower - 0.025) < 0.011)
        #expect(abs(comparison.interval.upper - 0.175) < 0.011)
        #expect(comparison.onlyFirst - comparison.onlySecond == 20)
        #expect(
            comparison.pValue
                == PairedComparison.mcnemar(
                    onlyFirst: comparison.onlyFirst, onlySecond: comparison.onlySecond))
        let swapped = try PairedComparison(
            labels: labels, first: second, second: first, key: key)
        #expect(swapped.difference == -comparison.difference)
        #expect(abs(swapped.interval.lower + comparison.interval.upper) < 1e-12)
        let same = try PairedComparison(labels: labels, first: first, second: first, key: key)
        #expect(same.difference == 0 && same.pValue == 1)
        #expect(same.interval.bounds == [0, 0])
        #expect(throws: MetricsError.self) {
            try PairedComparison(labels: labels, first: first, second: [1], key: key)
        }
        #expect(throws: MetricsError.self) {
            try PairedComparison(labels: [], first: [Int](), second: [Int](), key: key)
        }
    }

    @Test("a bootstrap interval depends on its key only, and surrounds the metric")
    func bootstrap() throws {
        let labels = (0..<120).map { $0 * 7 % 3 }
        let rows = (0..<120).map { row -> [Float] in
            var values: [Float] = [0.2, 0.2, 0.2]
            values[row % 5 == 0 ? (labels[row] + 1) % 3 : labels[row]] = 0.6
            return values
        }
        let predictions = try Predictions(labels: labels, probabilities: rows)
        let accuracy = try #require(
            Bootstrap.interval(of: \.accuracy, predictions, key: key))
        let again = Bootstrap.interval(of: \.accuracy, predictions, key: key)
        let other = Bootstrap.interval(of: \.accuracy, predictions, key: key.child("other"))
        #expect(accuracy == again)
        #expect(accuracy != other)
        #expect(accuracy.contains(0.8))
        let wilson = ConfidenceInterval.wilson(successes: 96, trials: 120)
        #expect(abs(accuracy.lower - wilson.lower) < 0.02)
        #expect(abs(accuracy.upper - wilson.upper) < 0.02)
        let all = Bootstrap.intervals(of: predictions, positive: 2, key: key)
        #expect(all["accuracy"] == accuracy)
        #expect(Set(all.keys) == Set(ClassificationMetrics.all.map(\.name)))
        let narrow = try #require(
            Bootstrap.interval(of: \.accuracy, predictions, level: 0.5, key: key))
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

    @Test("several trainings are compared by their means, and by their majority in McNemar's test")
    func severalTrainings() throws {
        let labels = [0, 1, 0, 1, 1, 0]
        let good = [0, 1, 0, 1, 1, 0]
        let fair = [0, 1, 0, 1, 0, 1]
        let poor = [1, 0, 1, 0, 1, 0]
        let key = RandomKey(seed: 1)
        let comparison = try PairedComparison(
            labels: labels, first: [good, good, fair], second: [poor], key: key)
        // (1 + 1 + 4/6) / 3 - 2/6
        #expect(abs(comparison.difference - (8.0 / 9 - 1.0 / 3)) < 1e-12)
        #expect(comparison.interval.contains(comparison.difference))
        #expect(comparison.onlyFirst == 4 && comparison.onlySecond == 0)
        let single = try PairedComparison(labels: labels, first: fair, second: poor, key: key)
        #expect(
            try PairedComparison(labels: labels, first: [fair], second: [poor], key: key) == single)
        #expect(throws: MetricsError.self) {
            try PairedComparison(labels: labels, first: [], second: [poor], key: key)
        }
        #expect(throws: MetricsError.self) {
            try PairedComparison(labels: labels, first: [good, [1]], second: [poor], key: key)
        }
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
