import Foundation
import Metrics
import Testing

@Suite("What is selected by")
struct SelectionCriterionTests {
    /// Two classes: `p` is the probability of class 1.
    private func binary(_ labels: [Int], _ p: [Float]) throws -> Predictions {
        try Predictions(labels: labels, probabilities: p.map { [1 - $0, $0] })
    }

    private func predictions(_ golden: Golden) throws -> Predictions {
        try Predictions(labels: golden.labels, probabilities: golden.probabilities)
    }

    /// A second part beside `Golden.three`, from metrics_goldens.py.
    private static let part = Golden(
        name: "second part", labels: [0, 0, 0, 1, 0, 0],
        probabilities: [
            [0.6, 0.3, 0.1], [0.4, 0.35, 0.25], [0.3, 0.5, 0.2], [0.45, 0.3, 0.25],
            [0.9, 0.05, 0.05], [0.2, 0.2, 0.6],
        ],
        expected: [
            0.5, 0.2222222222222222, 0.2222222222222222, -0.22360679774997896, 0.3,
            0.9249767661094666, 0.15833334624767303, 0.565833327348034,
        ])
    /// The metrics of the rows of both, in the order of `ClassificationMetrics.all`.
    private static let pooled = [
        0.5625, 0.5416666666666666, 0.5416666666666666, 0.3, 0.5416666666666666,
        1.7082276344299316, 0.2156250048428774, 0.5459374977834526,
    ]

    @Test("a metric has the value that the metrics have", arguments: Golden.all)
    func values(golden: Golden) throws {
        let metrics = ClassificationMetrics(try predictions(golden), positive: 1)
        #expect(metrics.value(of: .accuracy) == metrics.accuracy)
        #expect(metrics.value(of: .f1) == metrics.f1)
        #expect(metrics.value(of: .macroF1) == metrics.macroF1)
        #expect(metrics.value(of: .mcc) == metrics.mcc)
        #expect(Set(Metric.allCases.map(\.title)).count == Metric.allCases.count)
    }

    @Test("accuracy prefers one model, macro F1, MCC and F1 of the rare class another")
    func preference() throws {
        let labels = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]
        let constant = try binary(labels, Array(repeating: 0.1, count: 10))
        // Both of the rare class, and three others too many.
        let wary = try binary(labels, [0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9])
        func isBetter(_ criterion: SelectionCriterion) -> Bool {
            criterion.score(constant) > criterion.score(wary)
        }
        #expect(isBetter(.accuracy))
        #expect(!isBetter(SelectionCriterion(.macroF1)))
        #expect(!isBetter(SelectionCriterion(.mcc)))
        #expect(!isBetter(SelectionCriterion(.f1, positive: 1)))
        #expect(isBetter(SelectionCriterion(.f1, positive: 0)))
        #expect(SelectionCriterion(.f1, positive: 1).score(wary).value == 4.0 / 7)
    }

    @Test(
        "where values are equal the lower cross entropy is better, by any metric",
        arguments: Metric.allCases.filter { $0.applies(to: .oneClass) })
    func ties(metric: Metric) throws {
        let criterion = SelectionCriterion(metric, positive: 1)
        let sure = criterion.score(try binary([0, 1, 1], [0.1, 0.9, 0.2]))
        let unsure = criterion.score(try binary([0, 1, 1], [0.4, 0.6, 0.2]))
        #expect(sure.value == unsure.value && sure.crossEntropy < unsure.crossEntropy)
        #expect(sure > unsure && !(unsure > sure))
        #expect([sure, unsure].max() == sure && sure >= sure)
        let better = SelectionScore(value: sure.value + 0.001, crossEntropy: 100)
        #expect(better > sure)
    }

    @Test("the metrics of pooled parts are those of their rows")
    func pooling() throws {
        let parts = try [predictions(.three), predictions(Self.part)]
        let pooled = try Predictions(pooling: parts)
        #expect(pooled.count == 16 && pooled.labels == parts[0].labels + parts[1].labels)
        #expect(pooled.predicted == parts[0].predicted + parts[1].predicted)
        let metrics = ClassificationMetrics(pooled)
        for ((name, value), expected) in zip(ClassificationMetrics.all, Self.pooled) {
            guard let value = value(metrics) else {
                #expect(name == "f1")
                continue
            }
            #expect(abs(value - expected) < 1e-6, "\(name): \(value)")
        }
        for metric in Metric.allCases where metric.applies(to: .oneClass) && metric != .f1 {
            let score = try SelectionCriterion(metric).score(pooling: parts)
            #expect(abs(score.value - metrics.value(of: metric)) < 1e-12, "\(metric)")
            #expect(abs(score.crossEntropy - metrics.crossEntropy) < 1e-12)
        }
        // The mean of the parts' values is something else.
        let each = parts.map { ClassificationMetrics($0).macroF1 }
        #expect(abs((each[0] * 10 + each[1] * 6) / 16 - metrics.macroF1) > 0.05)
        let alone = try SelectionCriterion(.mcc).score(pooling: [parts[0]])
        #expect(alone.value == ClassificationMetrics(parts[0]).mcc)
    }

    @Test("nothing, or parts of other classes, cannot be pooled")
    func refusals() throws {
        #expect(throws: MetricsError.empty(what: "parts")) { try Predictions(pooling: []) }
        #expect(
            throws: MetricsError.unequalCounts(what: "classes of a part", expected: 2, found: 3)
        ) {
            try Predictions(pooling: [predictions(.two), predictions(.three)])
        }
        #expect(throws: MetricsError.self) { try SelectionCriterion.accuracy.score(pooling: []) }
    }

    @Test("a criterion says what it is, and comes back from JSON; F1 needs its class there too")
    func coding() throws {
        let criteria: [SelectionCriterion] = [
            .accuracy, .init(.macroF1), .init(.mcc), .init(.f1, positive: 0),
            .init(.f1, positive: 1),
        ]
        #expect(
            criteria.map(\.description) == [
                "accuracy", "macro-f1", "mcc", "f1 of class 0", "f1 of class 1",
            ])
        #expect(SelectionCriterion(.accuracy, positive: 1) == .accuracy)
        let data = try JSONEncoder().encode(criteria)
        #expect(try JSONDecoder().decode([SelectionCriterion].self, from: data) == criteria)
        for text in [
            #"{"metric":"f1"}"#, #"{"metric":"f1","positive":-1}"#,
            #"{"metric":"mcc","positive":1}"#, #"{"metric":"recall"}"#, "{}",
        ] {
            #expect(throws: DecodingError.self, "\(text)") {
                try JSONDecoder().decode(SelectionCriterion.self, from: Data(text.utf8))
            }
        }
    }
}
