import Metrics
import Support
import Testing

@testable import Selection

@Suite("Two models that answer together")
struct ExpertMixtureTests {
    private static let rows = 200

    /// What a model says of rows with alternating classes: it is right on some rows, with a certain surety.
    private func predictions(
        surety: Float = 0.8, labels: [Int]? = nil, isRight: (Int) -> Bool
    ) throws -> Predictions {
        let labels = labels ?? (0..<Self.rows).map { $0 % 2 }
        let probabilities = labels.indices.flatMap { row -> [Float] in
            let said = isRight(row) ? row % 2 : 1 - row % 2
            return said == 0 ? [surety, 1 - surety] : [1 - surety, surety]
        }
        return try Predictions(labels: labels, probabilities: probabilities, classes: 2)
    }

    private func mixture(_ first: Predictions, _ second: Predictions) throws -> ExpertMixture {
        try #require(
            ExpertMixture(
                first, second, together: Array(0..<first.count), key: RandomKey(seed: 3)))
    }

    @Test("the better one gets the larger share; equals get equal shares")
    func shares() throws {
        let good = try predictions { $0 % 10 != 0 }
        let other = try predictions { $0 % 10 != 5 }
        let poor = try predictions { $0 % 3 != 0 }
        #expect(try mixture(good, other).choose(rows: nil).share == 0.5)
        #expect(try mixture(good, poor).choose(rows: nil).share < 0.5)
        #expect(try mixture(poor, good).choose(rows: nil).share > 0.5)
    }

    @Test("models that are wrong on different rows have a lower cross entropy together")
    func gain() throws {
        let first = try predictions(surety: 0.99) { $0 % 10 != 0 }
        let second = try predictions { $0 % 10 != 5 }
        let both = try mixture(first, second)
        func loss(_ predictions: Predictions) -> Double {
            predictions.crossEntropy(temperature: 1)
        }
        let alone = try [first, second].map { loss(try both.heldOut(of: $0)) }
        #expect(loss(try both.heldOut()) < alone.min()! - 0.02)
        // A model that is too sure is not, with its temperature.
        #expect(alone[0] < loss(first))
        // Of one and the same there is nothing to gain.
        let same = try mixture(second, second)
        #expect(abs(loss(try same.heldOut()) - loss(try same.heldOut(of: second))) < 1e-6)
    }

    @Test("what is said of a row does not depend on its label, nor on those of its fold")
    func honest() throws {
        let isRight = { (row: Int) in row % 7 != 0 }
        let first = try predictions(isRight: isRight)
        let second = try predictions(surety: 0.95) { $0 % 5 != 0 }
        let both = try mixture(first, second)
        let before = try both.heldOut()
        let fold = both.folds[0]
        let inside = both.folds.indices.filter { both.folds[$0] == fold }
        let labels = (0..<Self.rows).map { inside.contains($0) ? 1 - $0 % 2 : $0 % 2 }
        func relabelled(_ predictions: Predictions) throws -> Predictions {
            try Predictions(
                labels: labels, probabilities: predictions.probabilities, classes: 2)
        }
        let changed = try Predictions.crossFitted(folds: both.folds) { rows, outside in
            let own = ExpertMixture(
                first: try relabelled(first), second: try relabelled(second), folds: both.folds)
            let choice = try own.choose(rows: outside)
            return try Predictions(
                mixing: [own.first.rows(rows), own.second.rows(rows)],
                weights: [1 - choice.share, choice.share]
            ).tempered(choice.temperature)
        }
        for row in inside {
            for place in [2 * row, 2 * row + 1] {
                #expect(before.probabilities[place] == changed.probabilities[place])
            }
        }
    }

    @Test("rows that share a text are in one fold; what cannot be split is no mixture")
    func folds() throws {
        let first = try predictions { _ in true }
        let groups = (0..<Self.rows).map { $0 / 20 }
        let both = try #require(
            ExpertMixture(first, first, together: groups, key: RandomKey(seed: 3)))
        for group in Set(groups) {
            #expect(
                Set(groups.indices.filter { groups[$0] == group }.map { both.folds[$0] }).count == 1
            )
        }
        #expect(Set(both.folds).count == 5)
        #expect(
            ExpertMixture(
                first, first, together: Array(repeating: 1, count: Self.rows),
                key: RandomKey(seed: 3)) == nil)
    }
}
