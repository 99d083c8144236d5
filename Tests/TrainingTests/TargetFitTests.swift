import Graphs
import Metrics
import Tensors
import Testing

@testable import Training

/// Exact fits for labels and numbers; expected values are scikit-learn's (Tests/Scripts/target_goldens.py).
@Suite struct TargetFitTests {
    private static let rows: [Float] = [
        0.26432743668556213, -1.2171612977981567, 1.453800916671753, 0.3651483654975891,
        -0.9251460433006287, 0.9737290143966675, 0.6608185768127441, 0.6085806488990784,
        -1.5859646797180176, -0.48686450719833374, 1.1894735097885132, -1.095445156097412,
        -0.3964911699295044, 1.7040257453918457, -0.6608185768127441, -0.8520128726959229,
    ]
    private static let labels: [Float] = [
        1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0,
    ]

    private func minimum(_ targets: Targets, outputs: Int, _ strength: Double) -> [Float] {
        let rows = FloatStorage(Self.rows)
        let objective = LogisticObjective(
            rows: rows, targets: targets, width: 2, classes: outputs, strength: strength)
        return objective.minimum(
            from: nil, maximumIterations: 500, curvature: LogisticCurvature(rows, width: 2))
    }

    @Test("several labels are one logistic regression each, against the rest")
    func oneVersusRest() {
        let expected: [Double: [Float]] = [
            0.1: [
                0.04247032, -0.11209280, -0.05073719, 0.27591897, -0.04585316, -0.09219337,
                -0.51278836, -0.52057392, 0,
            ],
            1: [
                0.15358955, -0.47235691, -0.18706377, 1.26714102, -0.20854004, -0.38568791,
                -0.54529100, -0.67170036, -0.00017628,
            ],
        ]
        for (strength, values) in expected {
            let found = minimum(.labels(Self.labels, count: 3), outputs: 3, strength)
            for (a, b) in zip(found, values) {
                #expect(abs(a - b) < 1e-3, "\(strength): \(a) \(b)")
            }
        }
    }

    @Test("numbers are a ridge regression in units of their deviation")
    func ridge() {
        let numbers: [Float] = [1, 2.5, 0, 3, -1, 4, 2, 0.5]
        let scale = NumberScale(of: numbers.map(Double.init))
        for (strength, values) in [
            0.1: [0.39723493, 0.04224608, 0], 1: [0.80321252, 0.12657916, 0],
        ]
            as [Double: [Float]]
        {
            let found = minimum(.numbers(numbers, scale), outputs: 1, strength)
            for (a, b) in zip(found, values) {
                #expect(abs(a - b) < 1e-3, "\(strength): \(a) \(b)")
            }
        }
    }
}
