import Foundation
import Metrics
import Support
import Testing

@testable import Selection

@Suite("What averaging changes in a temperature") struct AveragingChangeTests {
    /// Trainings of one head: what the head says of each row, and noise of each training's own.
    private func trainings(_ count: Int, noise: Double, rows: Int = 3000) throws -> [Predictions] {
        var generator = RandomKey(seed: 5).generator()
        func normal() -> Double {
            let (a, b) = (
                Double.random(in: 1e-9..<1, using: &generator),
                Double.random(in: 0..<1, using: &generator)
            )
            return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
        }
        let logits = (0..<rows).map { _ in (0..<3).map { _ in 1.5 * normal() } }
        func softmax(_ values: [Double]) -> [Double] {
            let powers = values.map { exp($0) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
        let labels = logits.map { row -> Int in
            let shares = softmax(row)
            let draw = Double.random(in: 0..<1, using: &generator)
            return draw < shares[0] ? 0 : draw < shares[0] + shares[1] ? 1 : 2
        }
        return try (0..<count).map { _ in
            try Predictions(
                labels: labels,
                probabilities: logits.map { row in
                    softmax(row.map { 1.3 * $0 + noise * normal() }).map { Float($0) }
                })
        }
    }

    @Test(
        "two trainings tell most of what changes in the temperature of the mean of many",
        arguments: [(0.6, 6), (1, 6), (1, 3), (1.5, 4)] as [(Double, Int)])
    func factor(_ noise: Double, _ count: Int) throws {
        let all = try trainings(count, noise: noise)
        let single = Temperature.fit(all[0])
        let wanted = Temperature.fit(try Predictions(averaging: all))
        let factor = try AveragingChange.factor(
            first: [all[0]], second: [all[1]], weights: [1], replicas: [count])
        #expect(wanted < 0.95 * single, "averages are less sure than they may be")
        let (before, after) = (log(single / wanted), log(single * factor / wanted))
        #expect(abs(after) < 0.4 * before, "\(single) \(factor) \(wanted)")
    }

    @Test("where one training answers nothing changes, and exact fits dilute the change")
    func nothing() throws {
        let all = try trainings(2, noise: 1, rows: 500)
        func factor(_ first: [Predictions], _ second: [Predictions], _ replicas: [Int]) throws
            -> Double
        {
            try AveragingChange.factor(
                first: first, second: second,
                weights: Array(repeating: 1 / Double(first.count), count: first.count),
                replicas: replicas)
        }
        #expect(try factor([all[0]], [all[0]], [6]) == 1)
        #expect(try factor([all[0]], [all[1]], [1]) == 1)
        let alone = try factor([all[0]], [all[1]], [6])
        let beside = try factor([all[0], all[0]], [all[1], all[0]], [6, 1])
        #expect(alone < beside && beside < 1)
    }
}
