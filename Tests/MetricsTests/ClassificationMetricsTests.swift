import Foundation
import Metrics
import Support
import Testing

/// Expected values: Tests/Scripts/metrics_goldens.py (scikit-learn).
struct Golden: Sendable, CustomTestStringConvertible {
    let name: String
    let labels: [Int]
    let probabilities: [[Float]]
    /// accuracy, f1, macroF1, mcc, balancedAccuracy, crossEntropy, calibrationError, brier
    let expected: [Double]
    var testDescription: String { name }

    static func binary(
        _ name: String, _ labels: [Int], _ first: [Float], _ expected: [Double]
    ) -> Golden {
        Golden(
            name: name, labels: labels, probabilities: first.map { [$0, 1 - $0] },
            expected: expected)
    }

    static let two = binary(
        "two classes", [0, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0],
        [0.9, 0.2, 0.45, 0.55, 0.1, 0.7, 0.8, 0.05, 0.35, 0.48, 0.6, 1.0],
        [
            0.75, 0.7692307692307693, 0.7482517482517483, 0.50709255283711, 0.7571428571428571,
            0.4773322641849518, 0.3316666682561238, 0.16753333201867862,
        ])
    static let three = Golden(
        name: "three classes", labels: [0, 1, 2, 2, 1, 0, 2, 1, 0, 2],
        probabilities: [
            [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.05, 0.05, 0.9],
            [0.4, 0.35, 0.25], [0.55, 0.25, 0.2], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0],
            [0.25, 0.3, 0.45], [1.0, 0.0, 0.0],
        ],
        expected: [
            0.6, 0.6031746031746031, 0.6031746031746031, 0.4090909090909091, 0.611111111111111,
            2.178178071975708, 0.2800000011920929, 0.5340000000447037,
        ])
    static let all = [
        two, three,
        binary(
            "all predicted as one class", [0, 1, 0, 1], [0.2, 0.3, 0.1, 0.4],
            [
                0.5, 0.6666666666666666, 0.3333333333333333, 0, 0.5, 1.1948808431625366,
                0.5999999940395355, 0.4249999960884454,
            ]),
        binary(
            "all labels of one class", [0, 0, 0], [0.9, 0.6, 0.2],
            [
                0.6666666666666666, 0, 0.4, 0, 0.6666666666666666, 0.7418746948242188,
                0.4333333373069763, 0.2699999976158146,
            ]),
        binary(
            "positive class nowhere", [0, 0], [0.9, 0.6],
            [1, 0, 1, 0, 1, 0.3080930709838867, 0.25, 0.0849999928474432]),
        Golden(
            name: "a class that occurs nowhere", labels: [0, 1, 0],
            probabilities: [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1]],
            expected: [
                0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 0.5, 0.75,
                0.6904911398887634, 0.1666666865348816, 0.42000000307957386,
            ]),
        Golden(
            name: "a class that is only predicted", labels: [0, 1, 0],
            probabilities: [[0.6, 0.3, 0.1], [0.2, 0.1, 0.7], [0.3, 0.6, 0.1]],
            expected: [
                0.3333333333333333, 0.2222222222222222, 0.2222222222222222, 0, 0.25,
                1.3391278982162476, 0.30000001192092896, 0.8199999941388771,
            ]),
    ]
}

@Suite("Classification metrics")
struct ClassificationMetricsTests {
    @Test("metrics are scikit-learn's, in degenerate cases too", arguments: Golden.all)
    func goldens(golden: Golden) throws {
        // F1 of more classes than two has goldens of its own.
        let positive = golden.probabilities[0].count == 2 ? 1 : nil
        let metrics = try ClassificationMetrics(
            labels: golden.labels, probabilities: golden.probabilities, positive: positive)
        // Metrics of other targets come after those of classes, and are not there.
        #expect(
            ClassificationMetrics.all.dropFirst(golden.expected.count)
                .allSatisfy { $0.value(metrics) == nil })
        for ((name, value), expected) in zip(ClassificationMetrics.all, golden.expected) {
            guard let value = value(metrics) else {
                #expect(name == "f1" && positive == nil)
                continue
            }
            #expect(abs(value - expected) < 1e-6, "\(name): \(value)")
        }
        #expect(metrics.count == golden.labels.count)
        let flat = try ClassificationMetrics(
            labels: golden.labels, probabilities: Array(golden.probabilities.joined()),
            classes: golden.probabilities[0].count, positive: positive)
        #expect(flat == metrics)
    }

    @Test("F1 of one of three classes is scikit-learn's with that label")
    func positiveOfThree() throws {
        // f1_score(labels, predicted, labels=[k], average="micro") for k = 0, 1, 2: predicted is
        // [0, 1, 1, 2, 0, 0, 2, 1, 2, 0].
        for (positive, expected) in [(0, 4.0 / 7), (1, 2.0 / 3), (2, 4.0 / 7)] {
            let metrics = try ClassificationMetrics(
                labels: Golden.three.labels, probabilities: Golden.three.probabilities,
                positive: positive)
            #expect(abs((metrics.f1 ?? -1) - expected) < 1e-12, "\(positive)")
        }
    }

    @Test("F1 is that of the positive class, and is not there without one")
    func positive() throws {
        let without = try ClassificationMetrics(
            labels: Golden.two.labels, probabilities: Golden.two.probabilities)
        #expect(without.f1 == nil && without.value(of: .f1).isNaN)
        #expect(
            try !String(decoding: JSONEncoder().encode(without), as: UTF8.self).contains("\"f1\""))
        let metrics = try ClassificationMetrics(
            labels: Golden.two.labels, probabilities: Golden.two.probabilities, positive: 0)
        #expect(abs((metrics.f1 ?? -1) - 0.7272727272727273) < 1e-12)
        #expect(throws: MetricsError.self) {
            try ClassificationMetrics(labels: [0], probabilities: [[1, 0]], positive: 2)
        }
    }

    @Test("the names in JSON are the documented ones")
    func codable() throws {
        let metrics = try ClassificationMetrics(
            labels: Golden.three.labels, probabilities: Golden.three.probabilities, positive: 1)
        let data = try JSONEncoder().encode(metrics)
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "accuracy", "f1", "macroF1", "mcc", "balancedAccuracy", "crossEntropy",
                "calibrationError", "brier", "count",
            ])
        #expect(Set(object.keys).isSubset(of: ClassificationMetrics.all.map(\.name) + ["count"]))
        #expect(try JSONDecoder().decode(ClassificationMetrics.self, from: data) == metrics)
    }

    @Test("the mean over seeds is the mean of each metric")
    func mean() throws {
        let first = try ClassificationMetrics(
            labels: [0, 1], probabilities: [[1, 0], [0, 1]], positive: 1)
        let second = try ClassificationMetrics(
            labels: [0, 1], probabilities: [[0, 1], [0, 1]], positive: 1)
        let mean = try ClassificationMetrics.mean(of: [first, second])
        for (name, value) in ClassificationMetrics.all.prefix(8) {
            let values = [first, second].compactMap(value)
            #expect(values.count == 2 && value(mean) == (values[0] + values[1]) / 2, "\(name)")
        }
        let unnamed = try ClassificationMetrics(labels: [0, 1], probabilities: [[1, 0], [0, 1]])
        #expect(try ClassificationMetrics.mean(of: [first, unnamed]).f1 == nil)
        #expect(mean.count == 2)
        #expect(try ClassificationMetrics.mean(of: [first]) == first)
        #expect(throws: MetricsError.empty(what: "seeds")) {
            try ClassificationMetrics.mean(of: [])
        }
        let other = try ClassificationMetrics(labels: [0], probabilities: [[1, 0]])
        #expect(throws: MetricsError.self) {
            try ClassificationMetrics.mean(of: [first, other])
        }
    }

    @Test("a certain and wrong prediction costs a finite cross entropy")
    func clipping() throws {
        let metrics = try ClassificationMetrics(labels: [1], probabilities: [[1, 0]])
        #expect(abs(metrics.crossEntropy + log(Double(Float.ulpOfOne))) < 1e-12)
        #expect(metrics.brier == 1)
    }

    @Test("a row that is no distribution, a label that is no class, or no row at all is refused")
    func refusals() {
        func refusal(_ labels: [Int], _ probabilities: [[Float]]) -> MetricsError? {
            #expect(throws: MetricsError.self) {
                try Predictions(labels: labels, probabilities: probabilities)
            }
        }
        let good: [Float] = [0.5, 0.5]
        #expect(refusal([], []) == .empty(what: "examples"))
        #expect(refusal([], [[]]) == .empty(what: "classes"))
        #expect(
            refusal([0, 2], [good, good])
                == .labelOutOfRange(what: "label", row: 1, label: 2, classes: 2))
        #expect(
            refusal([-1], [good])
                == .labelOutOfRange(what: "label", row: 0, label: -1, classes: 2))
        #expect(
            refusal([0, 0], [good, [1]])
                == .unequalCounts(what: "probabilities of row 1", expected: 2, found: 1))
        for values: [Float] in [
            [.nan, 1], [1, .nan], [.infinity, 0], [-0.5, 1.5], [0.4, 0.4], [0, 0], [1, 1],
        ] {
            let error = refusal([0, 0], [good, values])
            guard case .notADistribution(row: 1, _) = error else {
                Issue.record("\(values): \(String(describing: error))")
                continue
            }
        }
        #expect(refusal([0], [good, good]) != nil)
        #expect(throws: MetricsError.self) {
            try ClassificationMetrics(labels: [0], probabilities: [1, 0], classes: .max)
        }
        #expect(throws: MetricsError.self) {
            try ClassificationMetrics(labels: [0, 0], probabilities: [1, 0], classes: .max)
        }
    }

    @Test("a confusion matrix counts true classes in rows and predictions in columns")
    func confusion() throws {
        let matrix = try ConfusionMatrix(
            labels: [0, 0, 1, 2, 2, 2], predictions: [0, 1, 1, 2, 0, 2], classes: 3)
        #expect(matrix.counts == [1, 1, 0, 0, 1, 0, 1, 0, 2])
        #expect(matrix[2, 0] == 1 && matrix[0, 2] == 0)
        #expect(matrix.labelCounts == [2, 1, 3])
        #expect(matrix.predictionCounts == [2, 2, 2])
        #expect(matrix.total == 6)
        #expect(matrix.precision(of: 1) == 0.5)
        #expect(matrix.recall(of: 2) == 2.0 / 3)
        let certain = try ConfusionMatrix(labels: [0, 1], predictions: [0, 1], classes: 4)
        #expect(certain.precision(of: 3) == 0 && certain.recall(of: 3) == 0)
        #expect(certain.mcc == 1 && certain.macroF1 == 1 && certain.balancedAccuracy == 1)
        #expect(throws: MetricsError.self) {
            try ConfusionMatrix(labels: [0], predictions: [0, 1], classes: 2)
        }
        #expect(throws: MetricsError.self) {
            try ConfusionMatrix(labels: [0], predictions: [5], classes: 2)
        }
    }

    @Test("of equal probabilities the first class is predicted")
    func ties() throws {
        let predictions = try Predictions(
            labels: [0, 1], probabilities: [[0.5, 0.5], [0.25, 0.75]])
        #expect(predictions.predicted == [0, 1])
        #expect(predictions.correct == [true, true])
        #expect(predictions.confidences == [0.5, 0.75])
    }

    @Test("a calibration curve sorts each example into one bin, upper ends included")
    func calibration() throws {
        let predictions = try Predictions(
            labels: [0, 1, 0, 0],
            probabilities: [[0.5, 0.5], [0.75, 0.25], [0.76, 0.24], [1, 0]])
        let curve = CalibrationCurve(predictions, binCount: 4)
        #expect(curve.bins.map(\.count) == [0, 1, 1, 2])
        #expect(curve.bins.map(\.accuracy) == [0, 1, 0, 1])
        #expect(curve.bins[3].lower == 0.75 && curve.bins[3].upper == 1)
        #expect(curve.bins[0].confidence == 0)
        #expect(abs(curve.expectedError - (0.5 + 0.75 + 0.24) / 4) < 1e-7)
        #expect(curve.maximumError == 0.75)
        #expect(CalibrationCurve(predictions).bins.count == 15)
    }
}
