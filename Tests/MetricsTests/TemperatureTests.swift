import Foundation
import Metrics
import Support
import Testing

@Suite("Temperatures")
struct TemperatureTests {
    private static let labels = [0, 1, 2, 2, 1, 0, 2, 1, 0, 2]
    private static let rows: [[Float]] = [
        [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.05, 0.05, 0.9], [0.4, 0.35, 0.25],
        [0.55, 0.25, 0.2], [0.3, 0.3, 0.4], [0.01, 0.98, 0.01], [0.25, 0.3, 0.45], [0.1, 0.2, 0.7],
    ]

    /// The rows' probabilities to a power: surer above 1, less sure below.
    private func predictions(power: Float) throws -> Predictions {
        let powers = Self.rows.map { $0.map { pow($0, power) } }
        return try Predictions(
            labels: Self.labels,
            probabilities: powers.map { row in row.map { $0 / row.reduce(0, +) } })
    }

    /// Expected values: `Tests/Scripts/portfolio_golden.py` (SciPy).
    @Test(
        "the fit and its cross entropy are those that scipy finds",
        arguments: [
            (1, 0.489_384_6, 0.548_898_0), (3, 1.468_153_9, 0.548_898_0),
            (0.5, 0.244_692_3, 0.548_898_1),
        ] as [(Float, Double, Double)])
    func golden(_ power: Float, _ temperature: Double, _ crossEntropy: Double) throws {
        let predictions = try predictions(power: power)
        let found = Temperature.fit(predictions)
        #expect(abs(found / temperature - 1) < 1e-5)
        let metrics = ClassificationMetrics(predictions.tempered(found))
        #expect(abs(metrics.crossEntropy - crossEntropy) < 1e-6)
    }

    @Test(
        "a handful of rows leaves the likeliest temperature near 1; of many rows it is that of the fit"
    )
    func likeliest() throws {
        func rows(_ count: Int, right: Int) throws -> Predictions {
            try Predictions(
                labels: (0..<count).map { $0 % 10 < right ? 0 : 1 },
                probabilities: Array(repeating: [0.8, 0.2], count: count))
        }
        let (few, many) = (try rows(5, right: 10), try rows(5000, right: 9))
        #expect(Temperature.fit(few) == Temperature.range.lowerBound)
        let likely = Temperature.fit(few, deviation: Temperature.usualDeviation)
        #expect((0.6..<1).contains(likely))
        #expect(
            abs(
                Temperature.fit(many, deviation: Temperature.usualDeviation)
                    - Temperature.fit(many)) < 0.002)
        #expect(Temperature.fit(try rows(5, right: 0), deviation: 0.5) < 4)
    }

    @Test(
        "right probabilities have a calibration error by chance: the mean deviation of a binomial")
    func chance() throws {
        for rows in [100, 1600] {
            let predictions = try Predictions(
                labels: Array(repeating: 0, count: rows),
                probabilities: Array(repeating: [0.7, 0.3], count: rows))
            let error = CalibrationCurve.errorByChance(
                predictions, draws: 2000, key: RandomKey(seed: 1))
            let expected = (2 / .pi * 0.21 / Double(rows)).squareRoot()
            #expect(abs(error / expected - 1) < 0.08)
        }
    }

    /// Rows that were drawn, with zeros and ones among their probabilities, but for true classes.
    private func drawn(classes: Int, seed: UInt64) throws -> Predictions {
        var state = seed
        func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
        let rows = (0..<60).map { row -> [Float] in
            if row % 20 == 0 { return (0..<classes).map { $0 == 0 ? 1 : 0 } }
            let values = (0..<classes).map { _ in exp(4 * next()) }
            return values.map { $0 / values.reduce(0, +) }
        }
        let labels = rows.map { row in
            row[0] == 1 || next() < 0.6
                ? row.firstIndex(of: row.max()!)! : Int(next() * Float(classes))
        }
        return try Predictions(labels: labels, probabilities: rows)
    }

    @Test("no temperature of a grid does better than the fit", arguments: [2, 3, 7])
    func grid(_ classes: Int) throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let predictions = try drawn(classes: classes, seed: seed)
            let found = Temperature.fit(predictions)
            #expect(Temperature.range.contains(found))
            let best = ClassificationMetrics(predictions.tempered(found)).crossEntropy
            for step in 0...100 {
                let other = 0.2 * pow(40, Double(step) / 100)
                let loss = ClassificationMetrics(predictions.tempered(other)).crossEntropy
                #expect(loss >= best - 1e-6, "\(other) instead of \(found)")
            }
        }
    }

    @Test("rows that are all wrong, or all right, have the temperatures at the ends of the range")
    func extremes() throws {
        let sure = try Predictions(
            labels: [0, 1], probabilities: [[0.01, 0.99], [0.999, 0.001]])
        #expect(Temperature.fit(sure) == Temperature.range.upperBound)
        for right in [[[1, 0], [0, 1]], [[0.6, 0.4], [0.2, 0.8]]] as [[[Float]]] {
            let predictions = try Predictions(labels: [0, 1], probabilities: right)
            #expect(Temperature.fit(predictions) == Temperature.range.lowerBound)
        }
        // A single row, and a true class that the model rules out.
        let impossible = try Predictions(labels: [0], probabilities: [[0, 1]])
        #expect(Temperature.fit(impossible) == Temperature.range.upperBound)
        #expect(impossible.tempered(8).probabilities.allSatisfy { $0.isFinite })
    }

    @Test(
        "no temperature changes a prediction or the order of the classes", arguments: [0.2, 0.9, 8])
    func order(_ temperature: Double) throws {
        for classes in [2, 5] {
            let before = try drawn(classes: classes, seed: 9)
            let after = before.tempered(temperature)
            #expect(after.predicted == before.predicted && after.labels == before.labels)
            for row in 0..<before.count {
                let places = row * classes..<(row + 1) * classes
                let (old, new) = (before.probabilities[places], after.probabilities[places])
                #expect(abs(new.reduce(0, +) - 1) < 1e-5)
                for (a, b) in places.flatMap({ a in places.map { (a, $0) } }) where old[a] > old[b]
                {
                    #expect(new[a] >= new[b])
                }
            }
            // What is read back from probabilities alone is the same prediction.
            let again = try Predictions(
                labels: after.labels, probabilities: after.probabilities, classes: classes)
            #expect(again.predicted == before.predicted)
        }
    }
}
