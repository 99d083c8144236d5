import Foundation
import Metrics
import Testing

/// Several labels a row, and numbers. Expected values are scikit-learn's and scipy's; the script is
/// Tests/Scripts/target_goldens.py.
@Suite struct TargetMetricsTests {
    private static let truth: [Float] = [
        1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0,
    ]
    private static let shares: [Float] = [
        0.8, 0.1, 0.6, 0.3, 0.2, 0.1, 0.4, 0.9, 0.3, 0.6, 0.6, 0.2, 0.2, 0.3, 0.4, 0.7, 0.2, 0.9,
        0.1, 0.45, 0.7, 0.5, 0.6, 0.05,
    ]

    private func labels(_ values: [Float] = shares) throws -> Predictions {
        try Predictions(
            targets: .labels(Self.truth, count: 3), values: values, outputs: 3)
    }

    private func numbers(_ said: [Float] = [1.2, 2, 0.5, 2, -0.5, 3, 2.6, 1]) throws -> Predictions
    {
        let truth: [Float] = [1, 2.5, 0, 3, -1, 4, 2, 0.5]
        return try Predictions(
            targets: .numbers(truth, NumberScale(of: truth.map(Double.init))), values: said,
            outputs: 1)
    }

    private func isNear(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-7) -> Bool {
        abs((a ?? .nan) - b) < tolerance
    }

    @Test("F1, average precision and cross entropy of labels are scikit-learn's")
    func labelMetrics() throws {
        let metrics = ClassificationMetrics(try labels())
        #expect(isNear(metrics.microF1, 0.7))
        #expect(isNear(metrics.macroF1, 0.6984126984126985))
        #expect(metrics.accuracy == 0.375)
        #expect(isNear(metrics.averagePrecision, 0.8907407407407408))
        #expect(isNear(metrics.microAveragePrecision, 0.8821289821289822))
        #expect(isNear(metrics.crossEntropy, 0.40231906587731264))
        #expect(isNear(metrics.brier, 0.125625))
        #expect(metrics.loss == metrics.crossEntropy && metrics.mcc.isNaN && metrics.pearson == nil)
        #expect(AveragePrecision(try labels()).labels[2] == 1)
    }

    @Test("correlations and errors of numbers are scipy's")
    func numberMetrics() throws {
        let metrics = ClassificationMetrics(try numbers())
        #expect(isNear(metrics.pearson, 0.9433258122665996, 1e-6))
        #expect(isNear(metrics.spearman, 0.9221722216732094))
        #expect(isNear(metrics.meanSquaredError, 0.425, 1e-6))
        #expect(isNear(metrics.meanAbsoluteError, 0.6, 1e-6))
        #expect(isNear(metrics.loss, 0.425 / (1.5612494995995996 * 1.5612494995995996), 1e-6))
        let constant = ClassificationMetrics(try numbers(Array(repeating: 2, count: 8)))
        #expect(constant.pearson == 0 && constant.spearman == 0)
    }

    @Test("JSON has only what means something, and reads as it was")
    func coding() throws {
        for predictions in [try labels(), try numbers()] {
            let metrics = ClassificationMetrics(predictions)
            let data = try JSONEncoder().encode(metrics)
            let keys = try JSONDecoder().decode([String: Double].self, from: data).keys
            #expect(keys.contains("accuracy") == (predictions.targets.kind == .labels))
            #expect(keys.contains("pearson") == (predictions.targets.kind == .number))
            #expect(!keys.contains("mcc"))
            let again = try JSONDecoder().decode(ClassificationMetrics.self, from: data)
            #expect(again == metrics)
            // The scale of numbers is not among the metrics.
            #expect(predictions.targets.kind == .number || isNear(again.loss, metrics.loss, 1e-12))
        }
    }

    @Test("thresholds raise F1 on the rows they are chosen on, and stay near 0.5 with few rows")
    func thresholds() throws {
        // Forty rows, a label that is right from 0.3 on.
        let shares = (0..<80).map { Float($0) / 80 }
        let truth: [Float] = shares.map { $0 >= 0.3 ? 1 : 0 }
        let zeros = [Float](repeating: 0, count: 80)
        let predictions = try Predictions(
            targets: .labels(zip(truth, zeros).flatMap { [$0, $1] }, count: 2),
            values: zip(shares, zeros).flatMap { [$0, $1] }, outputs: 2)
        let chosen = try #require(Thresholds.fit(predictions))
        #expect(abs(chosen[0] - 0.3) < 0.02 && chosen[1] == 0.5)
        let before = LabelCounts(predictions, rows: nil).f1(of: 0)
        let after = LabelCounts(predictions.decided(by: chosen), rows: nil).f1(of: 0)
        #expect(after > before && after == 1)
        #expect(Thresholds.fit(try numbers()) == nil)
        let one = try Predictions(
            targets: .labels([1, 0, 0, 0], count: 2), values: [0.15, 0.1, 0.1, 0.1], outputs: 2)
        #expect(try #require(Thresholds.fit(one))[0] >= 0.1)
    }

    @Test("pooled parts keep the thresholds that each was decided by")
    func pooling() throws {
        let low = try labels().rows([0, 1, 2]).decided(by: [0.1, 0.1, 0.1])
        let high = try labels().rows([3, 4]).decided(by: [0.9, 0.9, 0.9])
        let pooled = try Predictions(pooling: [low, high])
        #expect(pooled.given(row: 0) == [0, 1, 2] && pooled.given(row: 3) == [])
        #expect(pooled.rows([3, 0]).given(row: 1) == [0, 1, 2])
        let counts = (LabelCounts(low, rows: nil), LabelCounts(high, rows: nil))
        #expect(
            LabelCounts(pooled, rows: nil).given
                == zip(counts.0.given, counts.1.given).map { $0 + $1 })
    }

    @Test("one temperature of all labels has the least cross entropy, and changes no ranking")
    func temperature() throws {
        let sharp = try labels(Self.shares.map { $0 < 0.5 ? $0 / 4 : 1 - (1 - $0) / 4 })
        let temperature = Temperature.fit(sharp)
        func loss(_ temperature: Double) -> Double {
            ClassificationMetrics(sharp.tempered(temperature)).crossEntropy
        }
        #expect(temperature > 1)
        #expect(loss(temperature) < loss(temperature * 1.05))
        #expect(loss(temperature) < loss(temperature / 1.05))
        #expect(isNear(sharp.crossEntropy(temperature: 1.7), loss(1.7), 1e-6))
        #expect(
            AveragePrecision(sharp.tempered(temperature)).labels == AveragePrecision(sharp).labels)
        #expect(Temperature.fit(try numbers()) == 1)
    }

    @Test("a mixture of models has the mean of their probabilities or numbers")
    func mixture() throws {
        let (first, second) = (try numbers(), try numbers([0, 0, 0, 0, 0, 0, 0, 0]))
        let mixed = try Predictions(mixing: [first, second], weights: [0.25, 0.75])
        #expect(mixed.probabilities[0] == 0.3)
        #expect(throws: MetricsError.self) {
            try Predictions(mixing: [first, try labels()], weights: [0.5, 0.5])
        }
    }

    @Test("models are compared by the metric that decides; of numbers, by which is nearer")
    func comparison() throws {
        let worse = try numbers([1.2, 2, 0.5, 2, -0.5, 3, 2.6, -3])
        let paired = try PairedComparison(
            by: SelectionCriterion(.pearson), try numbers(), worse, resamples: 50,
            key: .init(seed: 1))
        #expect(paired.difference > 0 && paired.onlyFirst == 1 && paired.onlySecond == 0)
        let labels = try PairedComparison(
            by: SelectionCriterion(.microF1), try labels(), try labels(Self.shares.map { 1 - $0 }),
            resamples: 50, key: .init(seed: 1))
        #expect(labels.difference > 0 && labels.interval.lower > 0)
    }

    @Test("values that are no probabilities, or not finite, are refused")
    func hostile() throws {
        for bad: Float in [.nan, .infinity, 1.5, -0.5] {
            #expect(throws: MetricsError.self) {
                try labels([bad] + Self.shares.dropFirst())
            }
        }
        #expect(throws: MetricsError.self) { try numbers([.nan, 0, 0, 0, 0, 0, 0, 0]) }
        #expect(throws: MetricsError.self) { try numbers([0]) }
    }

    @Test("targets are stored as words and read again; words of other shapes are none")
    func words() throws {
        let scale = NumberScale(mean: -2.5, deviation: 1e-3)
        for (targets, outputs) in [
            (Targets.classes([2, 0, 1]), 3), (.labels([1, 0, 0, 0, 0, 1], count: 2), 2),
            (.numbers([1.5, -7, 0.1], scale), 1),
        ] {
            let words = targets.words
            #expect(Targets(words: words, rows: 3, outputs: outputs) == targets)
            #expect(Targets(words: words + [0], rows: 3, outputs: outputs) == nil)
        }
        #expect(Targets(words: [2, 0, 0, 0], rows: 2, outputs: 2) == nil)
    }

    @Test("groups for draws: classes, the rarest label of a row, fifths of numbers")
    func strata() {
        #expect(Targets.classes([1, 0, 1]).strata == [1, 0, 1])
        let labels = Targets.labels([1, 0, 1, 1, 0, 0, 1, 0], count: 2)
        #expect(labels.strata == [1, 2, 0, 1])
        let numbers = Targets.numbers((0..<10).map(Float.init), NumberScale())
        #expect(numbers.strata == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    }

    @Test("every metric says which targets it is for, and F1 of a class needs one")
    func applicability() {
        for metric in Metric.allCases {
            #expect(TargetKind.allCases.contains { metric.applies(to: $0) })
        }
        #expect(!Metric.accuracy.applies(to: .number) && !Metric.mcc.applies(to: .labels))
    }
}
