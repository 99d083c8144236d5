import Foundation
import Metrics
import Support
import Testing
import Training

@Suite("Familiarity") struct FamiliarityTests {
    /// Rows around a mean for each class, with one spread for all.
    private func rows(
        _ labels: [Int32], width: Int, seed: UInt64
    ) -> [Float] {
        var generator = RandomKey(seed: seed).generator()
        func normal() -> Float {
            let (a, b) = (
                Double.random(in: 1e-9..<1, using: &generator),
                Double.random(in: 0..<1, using: &generator)
            )
            return Float((-2 * log(a)).squareRoot() * cos(2 * .pi * b))
        }
        return labels.flatMap { label in
            (0..<width).map { column in
                (column == Int(label) ? 3 : 0) + normal() * 0.5
            }
        }
    }

    private func labels(_ count: Int, classes: Int32) -> [Int32] {
        (0..<count).map { Int32($0) % classes }
    }

    @Test("a distance is 1 minus the cosine of the angle to the nearest class's mean direction")
    func formula() throws {
        // The first class points to (1, 1) on average, the second to (-1, 0); lengths do not count.
        let rows: [Float] = [3, 0, 0, 0.5, -2, 0, -7, 0]
        let familiarity = try #require(
            Familiarity(rows, width: 2, targets: .classes([0, 0, 4, 4])))
        #expect(familiarity.count == 2)
        let root = 0.5.squareRoot()
        let cases: [([Float], Double)] = [
            ([5, 5], 0), ([0.1, 0], 1 - root), ([-1, 0], 0), ([-1, -1], 1 - root), ([0, 0], 1),
            ([1, -1], 1),
        ]
        for (point, expected) in cases {
            #expect(abs(familiarity.distances(point)[0] - expected) < 1e-6)
        }
    }

    @Test("rows of a class that was left out are farther than others")
    func leftOut() throws {
        let labels = labels(400, classes: 5)
        let rows = rows(labels, width: 24, seed: 1)
        let known = labels.indices.filter { labels[$0] != 4 && $0 < 300 }
        func taken(_ places: [Int]) -> [Float] {
            places.flatMap { rows[$0 * 24..<($0 + 1) * 24] }
        }
        let targets = Targets.classes(labels).rows(known)
        let familiarity = try #require(Familiarity(taken(known), width: 24, targets: targets))
        let others = labels.indices.filter { $0 >= 300 && labels[$0] != 4 }
        let unknown = labels.indices.filter { labels[$0] == 4 }
        let near = familiarity.distances(taken(others))
        let far = familiarity.distances(taken(unknown))
        let pairs = far.reduce(0) { sum, distance in sum + near.count { $0 < distance } }
        #expect(Double(pairs) / Double(near.count * far.count) > 0.9)
    }

    @Test("of further rows of the same kind 5 in 100 are as far as held-out rows seldom are")
    func rate() throws {
        let labels = labels(300, classes: 3)
        let (familiarity, heldOut) = try #require(
            Familiarity.fit(
                rows(labels, width: 20, seed: 2), width: 20, targets: .classes(labels),
                groups: Array(0..<300), key: RandomKey(seed: 3)))
        let others = self.labels(3000, classes: 3)
        let shares = familiarity.distances(rows(others, width: 20, seed: 4))
            .map { heldOut.share(from: $0) }
        let flagged = Double(shares.count { $0 <= 0.05 }) / 3000
        // The rate of 300 held-out rows has a standard error of 0.013.
        #expect(flagged > 0.05 - 0.026 && flagged < 0.05 + 0.026)
    }

    @Test("where there is nothing to learn from, there is none")
    func nothing() {
        let zeros = Array(repeating: Float(0), count: 40)
        #expect(Familiarity(zeros, width: 4, targets: .classes(labels(10, classes: 2))) == nil)
        let few = rows(labels(4, classes: 2), width: 3, seed: 5)
        #expect(
            Familiarity.fit(
                few, width: 3, targets: .classes(labels(4, classes: 2)), groups: [0, 1, 2, 3],
                key: RandomKey(seed: 1)) == nil)
        // A row counts for each of its labels; numbers have one mean.
        let wide = rows(labels(10, classes: 2), width: 30, seed: 6)
        let matrix = (0..<10).flatMap { [Float]($0 == 3 ? [0, 0] : [1, $0 > 5 ? 1 : 0]) }
        let several = Familiarity(wide, width: 30, targets: .labels(matrix, count: 2))
        #expect(several?.count == 3)
        let scale = NumberScale(mean: 0, deviation: 1)
        let numbers = Familiarity(
            wide, width: 30, targets: .numbers((0..<10).map(Float.init), scale))
        #expect(numbers?.count == 1)
    }
}
