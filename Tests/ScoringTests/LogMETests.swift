import Foundation
import Testing

@testable import Scoring

@Suite("LogME")
struct LogMETests {
    /// The features and labels of `Tests/Scripts/logme_golden.py`.
    private func table(_ rows: Int, _ width: Int) -> (values: [Float], labels: [Int32]) {
        let values = (0..<rows).flatMap { (r: Int) -> [Float] in
            (0..<width).map { (c: Int) -> Float in
                let place = 7 * r + 3 * c * c + r * c
                return Float(place % 11) / 8 - 0.5
            }
        }
        return (values, (0..<rows).map { Int32(($0 * $0 + $0 / 3) % 3) })
    }

    @Test(
        "is what explicit matrices give, with more rows than features and with fewer",
        arguments: [
            (40, 5, -0.8637344948546005), (9, 16, -0.8453470376174977),
            (12, 12, -0.849703744958806),
        ])
    func golden(_ rows: Int, _ width: Int, _ expected: Double) throws {
        let (values, labels) = table(rows, width)
        let score = try #require(
            LogME.score(values, width: width, labels: labels, classes: 3))
        #expect(abs(score - expected) < 1e-6)
    }

    @Test("features that carry the labels score higher than the same in another order")
    func order() throws {
        let labels = (0..<60).map { Int32($0 % 2) }
        let values = labels.enumerated().flatMap { row, label -> [Float] in
            let noise = Float((row * 37) % 13)
            return [Float(label) - 0.5, noise / 13]
        }
        let shifted = Array(values[2...] + values[..<2])
        func score(_ values: [Float]) -> Double? {
            LogME.score(values, width: 2, labels: labels, classes: 2)
        }
        let shuffled = (0..<60).flatMap { row -> [Float] in
            let other = (row * 7 + row / 2) % 60
            return Array(values[2 * other..<2 * other + 2])
        }
        #expect(try #require(score(values)) > #require(score(shuffled)) + 0.5)
        // Labels that are turned around are explained as well.
        #expect(try abs(#require(score(values)) - #require(score(shifted))) < 0.2)
    }

    @Test("there is no score without rows, and none of features that are not finite or all zero")
    func degenerate() {
        #expect(LogME.score([], width: 3, labels: [], classes: 2) == nil)
        #expect(LogME.score([.nan, 1], width: 1, labels: [0, 1], classes: 2) == nil)
        #expect(LogME.score([0, 0, 0], width: 1, labels: [0, 1, 1], classes: 2) == nil)
        #expect(LogME.score([1, 1, 1], width: 1, labels: [0, 1, 1], classes: 2) != nil)
    }
}
