import Export
import Foundation
import Testing

@Suite("Heads that answer together")
struct EnsembleTests {
    /// One member of several replicas.
    private func replicas(_ logits: [[Float]]) -> [Ensemble.Member] {
        [Ensemble.Member(weight: 1, replicas: logits)]
    }

    @Test("the softmax of several replicas' logits is the mean of their softmaxes")
    func mean() {
        let heads: [[Float]] = [[1, 2, -3, 0, 0, 0], [0.5, -1, 4, 200, 0, -200]]
        let logits = Ensemble.logits(replicas(heads), in: .classes(3))
        func softmax(_ row: ArraySlice<Float>) -> [Double] {
            let powers = row.map { exp(Double($0) - Double(row.max()!)) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
        for row in [0..<3, 3..<6] {
            let parts = heads.map { softmax($0[row]) }
            let found = softmax(logits[row])
            for index in 0..<3 {
                #expect(abs(found[index] - (parts[0][index] + parts[1][index]) / 2) < 1e-6)
            }
        }
        #expect(logits.allSatisfy { $0.isFinite && $0 <= 0 })
    }

    @Test("where all heads are sure, what is impossible still has a finite logarithm")
    func extremes() {
        let sure: [Float] = [0, -3e4, 1e30, -1e30]
        let logits = Ensemble.logits(replicas([sure, sure]), in: .classes(2))
        #expect(logits.allSatisfy { $0.isFinite })
        #expect(logits[0] == 0 && logits[1] == -3e4)
    }

    @Test("the logits of one head stay what they are, or are divided by the temperature")
    func one() {
        let own: [Float] = [3, 1.1, -2]
        #expect(Ensemble.logits(replicas([own]), in: .classes(3)) == own)
        #expect(
            Ensemble.logits(replicas([own]), temperature: 2, in: .classes(3)) == own.map { $0 / 2 })
    }

    /// Expected values: `Tests/Scripts/mixture_golden.py` (NumPy).
    @Test(
        "weights, replicas and the temperature give what numpy computes from the formula",
        arguments: [
            (
                1.0,
                [
                    -1.047741822, -1.519509405, -0.842919636, -1.856465708, -0.757741604,
                    -0.98068951,
                ] as [Float]
            ),
            (
                1.75,
                [
                    -0.598709613, -0.868291089, -0.481668363, -1.060837547, -0.432995202,
                    -0.560394006,
                ]
            ),
        ])
    func golden(_ temperature: Double, _ expected: [Float]) {
        let members = [
            Ensemble.Member(
                weight: 0.625,
                replicas: [
                    [1.5, -0.25, 0, 2, 2, -6], [0.5, 0.75, -1, -3, 40, 1],
                ]),
            Ensemble.Member(weight: 0.375, replicas: [[-2, 0.125, 3, 0, -90, 90]]),
        ]
        let found = Ensemble.logits(members, temperature: temperature, in: .classes(3))
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found)")
    }
}
