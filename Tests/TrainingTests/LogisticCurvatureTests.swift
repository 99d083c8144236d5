import Support
import Tensors
import Testing

@testable import Training

@Suite("Logistic regression with its curvature")
struct LogisticCurvatureTests {
    /// Rows whose features hang together, which slows plain L-BFGS.
    private func objective(classes: Int, strength: Double) -> LogisticObjective {
        var generator = RandomKey(seed: 9).child(classes).generator()
        let (count, width) = (200, 24)
        let rows = FloatStorage(count: count * width)
        var labels: [Int32] = []
        for row in 0..<count {
            let common = generator.uniform(bound: 1)
            for column in 0..<width {
                rows.pointer[row * width + column] = 3 * common + 0.2 * generator.uniform(bound: 1)
            }
            labels.append(Int32(generator.index(below: classes)))
            rows.pointer[row * width + Int(labels[row])] += 0.2
        }
        let scaling = Standardization(rows, rows: count)
        return LogisticObjective(
            rows: scaling.apply(rows, rows: count), targets: .classes(labels), width: width,
            classes: classes, strength: strength)
    }

    @Test(
        "gives the minimum that plain L-BFGS creeps towards, in a few steps",
        arguments: [2, 5], [1e-3, 1])
    func minimum(classes: Int, strength: Double) throws {
        let objective = objective(classes: classes, strength: strength)
        let curvature = try #require(LogisticCurvature(objective.rows, width: objective.width))
        let few = objective.minimum(from: nil, maximumIterations: 25, curvature: curvature)
        let many = objective.minimum(from: nil, maximumIterations: 5000, curvature: nil)
        let (a, b) = (objective.evaluate(few), objective.evaluate(many))
        #expect(a.value < b.value + 1e-6)
        #expect((a.gradient.map(abs).max() ?? 1) < 1e-4)
    }

    @Test("is left out where the rows are few for their width, or the width is too large")
    func limits() {
        #expect(LogisticCurvature(FloatStorage(count: 10 * 64), width: 64) == nil)
        #expect(LogisticCurvature(FloatStorage(count: 5000), width: 5000) == nil)
    }
}
