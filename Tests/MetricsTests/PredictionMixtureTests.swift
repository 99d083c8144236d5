import Metrics
import Testing

@Suite("Mixtures of predictions")
struct PredictionMixtureTests {
    private func predictions(_ rows: [[Float]]) throws -> Predictions {
        try Predictions(labels: [0, 2], probabilities: rows)
    }

    private func models() throws -> [Predictions] {
        [
            try predictions([[0.5, 0.25, 0.25], [0.125, 0.875, 0]]),
            try predictions([[0.0625, 0.1875, 0.75], [0, 0, 1]]),
        ]
    }

    /// Expected values: `Tests/Scripts/mixture_golden.py` (NumPy).
    @Test(
        "weights and the temperature give what numpy computes from the formula",
        arguments: [
            (1.0, [0.335_937_5, 0.226_562_5, 0.4375, 0.078_125, 0.546_875, 0.375] as [Float]),
            (
                1.75,
                [
                    0.337_680_74, 0.269_619_776, 0.392_699_485, 0.154_061_276, 0.468_388_966,
                    0.377_549_759,
                ]
            ),
        ])
    func golden(_ temperature: Double, _ expected: [Float]) throws {
        let found = try Predictions(mixing: models(), weights: [0.625, 0.375])
            .tempered(temperature)
        #expect(zip(found.probabilities, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(found.labels == [0, 2] && found.classes == 3)
    }

    @Test("one model alone stays the same, bit for bit; its temperature moves no prediction")
    func one() throws {
        let own = try predictions([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
        let same = try Predictions(mixing: [own], weights: [1]).tempered(1)
        #expect(same.probabilities == own.probabilities && same.labels == own.labels)
        let cool = try Predictions(mixing: [own], weights: [1]).tempered(2)
        #expect(cool.predicted == own.predicted)
        // sqrt(0.7) / (sqrt(0.7) + sqrt(0.2) + sqrt(0.1))
        #expect(abs(cool.probabilities[0] - 0.522_879_4) < 1e-6)
    }

    @Test("no model, or models of other examples, are refused")
    func refusals() throws {
        #expect(throws: MetricsError.self) { try Predictions(mixing: [], weights: []) }
        let other = try Predictions(labels: [0, 1], probabilities: [[1, 0, 0], [0, 1, 0]])
        #expect(throws: MetricsError.self) {
            try Predictions(mixing: models() + [other], weights: [0.25, 0.25, 0.5])
        }
    }
}
