import Foundation
import Metrics
import Support
import Testing

@Suite("Conformal scores") struct ConformalScoresTests {
    /// Scores drawn alike: `draw` makes one of a uniform number.
    private func draws(_ count: Int, _ seed: Int, _ draw: (Double) -> Double) -> [Double] {
        var generator = RandomKey(seed: 7).child(seed).generator()
        return (0..<count).map { _ in draw(Double.random(in: 0..<1, using: &generator)) }
    }

    /// How often a further score is kept, over draws of held-out rows.
    private func coverage(
        _ rows: Int, _ miscoverage: Double, draws count: Int, _ draw: (Double) -> Double
    ) -> (mean: Double, standardError: Double) {
        let shares = (0..<count).map { seed -> Double in
            let all = draws(rows + 200, seed, draw)
            guard
                let threshold = ConformalScores(Array(all.prefix(rows))).threshold(miscoverage)
            else { return 1 }
            return Double(all.suffix(200).count { $0 <= threshold }) / 200
        }
        let mean = shares.reduce(0, +) / Double(count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        return (mean, (variance / Double(count)).squareRoot())
    }

    @Test(
        "a score drawn like the held-out ones is kept as often as was promised, and hardly more",
        arguments: [19, 40, 250, 1700], [0.05, 0.1, 0.3])
    func coverage(_ rows: Int, _ miscoverage: Double) {
        for draw in [{ $0 }, { $0 * $0 * $0 }, { -log(1 - $0) }] as [(Double) -> Double] {
            let (mean, error) = coverage(rows, miscoverage, draws: 100, draw)
            #expect(mean > 1 - miscoverage - 3 * error)
            // 1 / (rows + 1) is what ranks allow; 1 / 1000 is that of a table cut short.
            let most = 1 - miscoverage + 1 / Double(rows + 1) + 1 / 1000.0
            #expect(mean < most + 3 * error)
        }
    }

    @Test("ties keep more, never less")
    func ties() {
        let (mean, error) = coverage(60, 0.1, draws: 100) { ($0 * 5).rounded(.down) / 5 }
        #expect(mean > 0.9 - 3 * error)
        let equal = ConformalScores(Array(repeating: 0.25, count: 30))
        #expect(
            equal.threshold(0.5) == 0.25 && equal.set(of: [0.75, 0.25], miscoverage: 0.5) == [0])
        #expect(equal.share(from: 0.25) == 1 && equal.share(from: 0.26) == 1 / 31.0)
    }

    @Test("19 rows can promise 0.05, 18 cannot; then everything is kept")
    func fewRows() {
        let scores = (1...19).map { Double($0) / 20 }
        #expect(ConformalScores(scores).threshold(0.05) == 0.95)
        #expect(ConformalScores(scores).threshold(0.1) == 0.9)
        let fewer = ConformalScores(Array(scores.prefix(18)))
        #expect(fewer.threshold(0.05) == nil && fewer.leastMiscoverage == 1 / 19.0)
        #expect(fewer.set(of: [0.001, 0.999], miscoverage: 0.05) == [0, 1])
        #expect(fewer.interval(around: 3, miscoverage: 0.05) == nil)
        let one = ConformalScores([0.4])
        #expect(one.threshold(0.5) == 0.4 && one.threshold(0.49) == nil)
    }

    @Test("sets hold the classes that are likely enough: several, one or none")
    func sets() throws {
        // The tenth of ten rows is the only one below 0.9.
        let rows = (0..<10).map { [Float]($0 < 9 ? [0.95, 0.05] : [0.3, 0.7]) }
        let heldOut = try Predictions(labels: Array(repeating: 0, count: 10), probabilities: rows)
        let scores = try #require(ConformalScores(heldOut))
        #expect(scores.set(of: [0.5, 0.5], miscoverage: 0.1) == [0, 1])
        #expect(scores.set(of: [0.2, 0.8], miscoverage: 0.1) == [1])
        #expect(scores.set(of: [0.4, 0.6], miscoverage: 0.2) == [])
        let metrics = try #require(CoverageMetrics(heldOut, scores, miscoverage: 0.2))
        #expect(metrics.coverage == 0.9 && metrics.size == 0.9 && metrics.answered == 0.9)
        #expect(metrics.accuracy == 1)
        #expect(CoverageMetrics(heldOut, scores, miscoverage: 0.05) == nil)
    }

    @Test("one class is always the one that remains")
    func oneClass() throws {
        let heldOut = try Predictions(
            labels: Array(repeating: 0, count: 20), probabilities: Array(repeating: [1], count: 20))
        let scores = try #require(ConformalScores(heldOut))
        #expect(scores.scores.allSatisfy { $0 == 0 })
        #expect(scores.set(of: [1], miscoverage: 0.05) == [0])
    }

    @Test("numbers have intervals; rows with several labels have no scores")
    func otherTargets() throws {
        let scale = NumberScale(mean: 0, deviation: 1)
        let numbers = try Predictions(
            targets: .numbers([1, 2, 3, 4], scale), values: [1.5, 2, 2.75, 6], outputs: 1)
        let scores = try #require(ConformalScores(numbers))
        #expect(scores.scores == [0, 0.25, 0.5, 2])
        #expect(scores.interval(around: 10, miscoverage: 0.4) == 9.5...10.5)
        let metrics = try #require(CoverageMetrics(numbers, scores, miscoverage: 0.4))
        #expect(metrics.coverage == 0.75 && metrics.size == 1 && metrics.accuracy == nil)
        let labels = try Predictions(
            targets: .labels([1, 0], count: 2), values: [0.5, 0.5], outputs: 2)
        #expect(ConformalScores(labels) == nil)
    }

    @Test("a table cut short and rounded keeps at least what all scores keep")
    func table() throws {
        for rows in [999, 1000, 1001, 4321] {
            let all = draws(rows, rows) { $0 * 1e-3 }.sorted()
            let scores = ConformalScores(all.reversed())
            #expect(scores.rows == rows && scores.scores.count == min(rows, 1000))
            for miscoverage in stride(from: 0.01, to: 1, by: 0.013) {
                let rank = Int((Double(rows + 1) * (1 - miscoverage) - 1e-9).rounded(.up))
                let threshold = try #require(scores.threshold(miscoverage))
                #expect(threshold >= all[rank - 1])
                let most = min(rows - 1, rank - 1 + rows / 1000 + 1)
                #expect(threshold <= all[most] * (1 + 1e-5))
            }
            let again = try JSONDecoder().decode(
                ConformalScores.self, from: JSONEncoder().encode(scores))
            #expect(again == scores && again.objection(in: 0...1) == nil)
        }
    }

    @Test("shares from a score on are spread evenly over texts like the held-out ones, or larger")
    func shares() {
        for rows in [20, 1300] {
            var shares: [Double] = []
            for seed in 0..<100 {
                let all = draws(rows + 50, seed) { $0 }
                let scores = ConformalScores(Array(all.prefix(rows)))
                shares += all.suffix(50).map { scores.share(from: $0) }
            }
            for limit in [0.05, 0.1, 0.5] {
                let below = Double(shares.count { $0 <= limit }) / Double(shares.count)
                #expect(below < limit + 0.02 && below > limit - 0.02 - 1 / Double(rows))
            }
        }
    }

    @Test("scores that no rows can have given are refused")
    func objections() throws {
        for text in [
            #"{"rows": 0, "scores": []}"#, #"{"rows": 3, "scores": [0.1, 0.2]}"#,
            #"{"rows": 2, "scores": [0.2, 0.1]}"#, #"{"rows": 2, "scores": [0.2, 1.5]}"#,
            #"{"rows": -1, "scores": []}"#, #"{"rows": 5000, "scores": [0.5]}"#,
            #"{"rows": 1, "scores": [-1]}"#,
        ] {
            let scores = try JSONDecoder().decode(ConformalScores.self, from: Data(text.utf8))
            #expect(scores.objection(in: 0...1) != nil, "\(text)")
        }
    }
}
