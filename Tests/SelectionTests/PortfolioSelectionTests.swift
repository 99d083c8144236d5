import Metrics
import Support
import Testing

@testable import Selection

@Suite("The portfolio's members and weights")
struct PortfolioSelectionTests {
    /// A head that gives the true class of each row this probability; labels alternate.
    private func contestant(
        _ truth: [Float], cost: Double = 0, view: Int = 0
    ) throws -> PortfolioSelection.Contestant {
        let labels = truth.indices.map { $0 % 2 }
        let predictions = try Predictions(
            labels: labels,
            probabilities: zip(labels, truth).map { $0 == 0 ? [$1, 1 - $1] : [1 - $1, $1] })
        return PortfolioSelection.Contestant(
            heldOut: predictions, criterion: .accuracy, cost: cost, view: view)
    }

    private func selection(
        members: Int = 8, largestCost: Double? = nil, viewCosts: [Double] = [0], seed: UInt64 = 1
    ) -> PortfolioSelection {
        var selection = PortfolioSelection(key: RandomKey(seed: seed))
        selection.members = members
        selection.largestCost = largestCost
        selection.viewCosts = viewCosts
        return selection
    }

    private func loss(_ predictions: Predictions) -> Double {
        ClassificationMetrics(predictions).crossEntropy
    }

    /// Probabilities of the true class: right with a chance, and as sure as drawn.
    private func drawn(_ rows: Int, right: Float, seed: UInt64) -> [Float] {
        var generator = RandomKey(seed: seed).child("rows").generator()
        return (0..<rows).map { _ in
            let sure = 0.5 + 0.45 * generator.uniform()
            return generator.uniform() < right ? sure : 1 - sure
        }
    }

    /// Expected values: `Tests/Scripts/portfolio_golden.py` (NumPy).
    @Test("the weights are those of twenty steps of expectation-maximisation by numpy")
    func golden() throws {
        let truth: [[Float]] = [
            [0.9, 0.8, 0.7, 0.1, 0.2], [0.5, 0.5, 0.5, 0.5, 0.5], [0.2, 0, 0.7, 0.9, 0.8],
        ]
        let expected = [0.446_446_482, 0.195_246_226, 0.358_307_292]
        let found = PortfolioSelection.mixture(truth)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-8 })
        let two = try selection(members: 2).run(truth.map { try contestant($0) }).members
        #expect(two.map(\.entry) == [0, 2])
        #expect(abs(two[0].weight - 0.554_761_589) < 1e-8)
        #expect(abs(two[1].weight - 0.445_238_411) < 1e-8)
    }

    @Test(
        "a head that is weaker alone but right where the others err outweighs the twin of a better one"
    )
    func complement() throws {
        let best = (0..<100).map { Float($0 < 80 ? 0.8 : 0.3) }
        let twin = best.map { $0 + 0.01 }
        let other = (0..<100).map { Float($0 >= 80 ? 0.9 : $0 < 52 ? 0.7 : 0.4) }
        let contestants = try [best, twin, other].map { try contestant($0) }
        #expect(contestants[2].value(nil) < contestants[0].value(nil))
        let found = try selection().run(contestants)
        #expect(loss(contestants[2].heldOut) > loss(contestants[0].heldOut) + 0.04)
        #expect(found.members.map(\.entry) == [1, 2])
        let mixture = try Portfolio.mix(found.members, contestants.map(\.heldOut))
            .tempered(found.temperature)
        for alone in contestants.map(\.heldOut) {
            #expect(loss(mixture) < loss(alone.tempered(Temperature.fit(alone))) - 0.02)
        }
        // Rows that were not used say about the same, and nothing better.
        let optimism = loss(found.heldOut) - loss(mixture)
        #expect((0...0.1).contains(optimism), "\(optimism)")
        #expect(found.curve.map(\.members) == [1, 2, 3])
        #expect(abs(found.curve[1].crossEntropy - loss(mixture)) < 1e-6)
    }

    @Test("of equal heads one answers: the others would add nothing but their cost")
    func duplicates() throws {
        let one = try contestant(drawn(60, right: 0.7, seed: 1))
        let found = try selection().run(Array(repeating: one, count: 5))
        #expect(found.members.count == 1 && found.members[0].weight == 1)
        #expect(abs(found.temperature - Temperature.fit(one.heldOut)) < 1e-5)
        #expect(found.curve.map(\.members) == [1, 2, 3, 4, 5])
        let loss = found.curve[0].crossEntropy
        #expect(found.curve.allSatisfy { abs($0.crossEntropy - loss) < 1e-5 })
    }

    @Test("the head that is missed least leaves first; as few as have the least loss remain")
    func elimination() throws {
        let contestants = try (1...6).map {
            try contestant(drawn(400, right: $0 < 4 ? 0.85 : 0.82, seed: $0))
        }
        let found = try selection().run(contestants)
        let losses = found.curve.map(\.crossEntropy)
        let least = losses.min() ?? 0
        let count = found.members.count
        #expect(losses.count == 6)
        #expect(losses[count - 1] <= least + 3e-4)
        #expect(losses.prefix(count - 1).allSatisfy { $0 > least + 3e-4 })
        // By brute force: no other set of one fewer than all is better than what one step leaves.
        let all = try Elimination(
            contestants.map(\.heldOut),
            first: contestants.indices.map { Portfolio.Member(entry: $0, weight: 1.0 / 6) })
        let without = try contestants.indices.map { left in
            let others = contestants.indices.filter { $0 != left }
            return try Portfolio.mix(
                others.map { Portfolio.Member(entry: $0, weight: 0.2) },
                contestants.map(\.heldOut)
            ).crossEntropy(temperature: all.steps[0].temperature)
        }
        let gone = Set(contestants.indices).subtracting(all.steps[1].members.map(\.entry))
        #expect(gone == [without.indices.min { without[$0] < without[$1] }])
    }

    @Test("one contestant is a portfolio of one, on however few rows", arguments: [1, 2, 3, 60])
    func one(_ rows: Int) throws {
        let one = try contestant(drawn(rows, right: 0.8, seed: 2))
        let found = try selection().run([one])
        #expect(found.members == [Portfolio.Member(entry: 0, weight: 1)])
        #expect(found.temperature == Temperature.fit(one.heldOut))
        #expect(found.heldOut.labels == one.heldOut.labels)
        #expect(found.heldOut.predicted == one.heldOut.predicted)
        #expect(found.curve.count == 1)
    }

    @Test(
        "no more members than allowed, from the largest weight, with sum one",
        arguments: [1, 3, 8, 50])
    func limit(_ members: Int) throws {
        let contestants = try (1...12).map { try contestant(drawn(200, right: 0.8, seed: $0)) }
        let all = try selection(members: 12).run(contestants).members
        let found = try selection(members: members).run(contestants)
        #expect(found.members.count <= members && found.members.count <= all.count)
        let weights = found.members.map(\.weight)
        #expect(weights == weights.sorted(by: >) && abs(weights.reduce(0, +) - 1) < 1e-12)
        #expect(found.curve.map(\.members) == Array(1...min(12, 2 * members)))
        #expect(found.heldOut.count == 200)
    }

    @Test("the cost stays within its limit, every view paid for once")
    func cost() throws {
        // The heads of the second view are the better ones, its encoder is the dearer one.
        var contestants: [PortfolioSelection.Contestant] = []
        for number in 1...8 {
            let isDear = number > 4
            let truth = drawn(200, right: isDear ? 0.85 : 0.8, seed: UInt64(number))
            contestants.append(
                try contestant(truth, cost: number == 5 ? 45 : 10, view: isDear ? 1 : 0))
        }
        let passes = [100.0, 300.0]
        func cost(_ members: [Portfolio.Member]) -> Double {
            let views = Set(members.map { contestants[$0.entry].view }).map { passes[$0] }
            let heads = members.map { contestants[$0.entry].cost }
            return (views.reduce(0, +) + heads.reduce(0, +)) / (views.min() ?? 1)
        }
        func chosen(_ limit: Double?) throws -> [Portfolio.Member] {
            try selection(largestCost: limit, viewCosts: passes).run(contestants).members
        }
        let free = try chosen(nil)
        #expect(free.count > 4 && cost(free) > 4.3)
        #expect(try chosen(5.15).map(\.entry) == free.map(\.entry))
        for limit in [1, 1.05, 1.1, 1.25, 1.5, 4, 4.3, 5] {
            let members = try chosen(limit)
            // Where no head is cheap enough, the cheapest.
            let alone = contestants.indices.map { cost([.init(entry: $0, weight: 1)]) }
            let least = alone.min() ?? 0
            #expect(cost(members) <= max(limit + 0.005, least))
            #expect(abs(members.reduce(0) { $0 + $1.weight } - 1) < 1e-12)
        }
        // Heads of the dear view, whose pass counts once; the next one's view would cost more.
        #expect(try chosen(1.25).allSatisfy { contestants[$0.entry].view == 1 })
    }

    @Test("a head of low accuracy never enters, however well it complements the others")
    func margin() throws {
        let good = (0..<100).map { Float($0 < 90 ? 0.8 : 0.1) }
        let bad = (0..<100).map { Float($0 >= 90 ? 0.99 : $0 % 10 < 7 ? 0.55 : 0.45) }
        let within = (0..<100).map { Float($0 < 80 ? 0.6 : 0.4) }
        let contestants = try [good, bad, within].map { try contestant($0) }
        #expect(contestants[1].value(nil) < 0.8)
        let found = try selection().run(contestants)
        #expect(Set(found.members.map(\.entry)) == [0, 2])
    }

    @Test("heads that know nothing do not look better than a guess on rows they were not chosen on")
    func honest() throws {
        let runs = 60
        var (estimate, curve, accuracy) = (0.0, 0.0, 0.0)
        for run in 0..<runs {
            let contestants = try (0..<12).map {
                try contestant(drawn(40, right: 0.5, seed: UInt64(100 * run + $0)))
            }
            let found = try selection(seed: UInt64(run)).run(contestants)
            let metrics = ClassificationMetrics(found.heldOut)
            estimate += metrics.crossEntropy / Double(runs)
            accuracy += metrics.accuracy / Double(runs)
            curve += (found.curve.last?.crossEntropy ?? 0) / Double(runs)
        }
        // A guess has log 2 = 0.693; choosing and measuring on the same rows looks much better.
        #expect(curve < 0.66, "\(curve)")
        #expect(estimate > 0.693, "\(estimate)")
        // 2,400 rows: a standard error of 1 point.
        #expect(abs(accuracy - 0.5) < 0.03, "\(accuracy)")
    }

    @Test("the same every time; the key decides nothing but the estimate's folds")
    func deterministic() throws {
        let contestants = try (1...6).map { try contestant(drawn(100, right: 0.8, seed: $0)) }
        let found = try [1, 1, 2].map { try selection(seed: $0).run(contestants) }
        #expect(found[0].heldOut.probabilities == found[1].heldOut.probabilities)
        #expect(found[0].heldOut.probabilities != found[2].heldOut.probabilities)
        for other in found[1...] {
            #expect(other.members == found[0].members)
            #expect(other.temperature == found[0].temperature && other.curve == found[0].curve)
        }
    }

    @Test("heads that were tried on different rows cannot be mixed")
    func refusals() throws {
        let contestants = try [20, 21].map { try contestant(drawn($0, right: 0.8, seed: 1)) }
        #expect(throws: MetricsError.self) { try selection().run(contestants) }
    }

    @Test(
        "of few rows, heads that differ by luck all remain, and one that is clearly worse does not")
    func cautious() throws {
        let base = (0..<24).map { Float($0 < 18 ? 0.75 : 0.35) }
        let heads = try (1...4).map { seed in
            var generator = RandomKey(seed: UInt64(seed)).generator()
            return try contestant(base.map { $0 + generator.uniform(bound: 0.1) })
        }
        let bad = try contestant(drawn(24, right: 0.1, seed: 9))
        let bold = try selection().run(heads + [bad]).members
        var careful = selection()
        careful.isCautious = true
        let found = try careful.run(heads + [bad]).members
        #expect(found.count >= max(3, bold.count))
        #expect(found.allSatisfy { $0.entry < 4 && $0.weight > 0.1 && $0.weight < 0.6 })
    }

    @Test(
        "of few rows, heads that are fitted exactly have half of the weights, whatever trained heads show"
    )
    func halfExact() throws {
        func exact(_ seed: UInt64, _ right: Float) throws -> PortfolioSelection.Contestant {
            let head = try contestant(drawn(24, right: right, seed: seed))
            return PortfolioSelection.Contestant(
                heldOut: head.heldOut, criterion: .accuracy, isExact: true)
        }
        let lucky = try (1...6).map { try contestant(drawn(24, right: 0.95, seed: $0)) }
        let plain = try (11...13).map { try exact($0, 0.6) }
        var careful = selection()
        careful.isCautious = true
        let found = try careful.run(lucky + plain)
        let share = found.members.filter { $0.entry >= 6 }.reduce(0) { $0 + $1.weight }
        #expect(abs(share - 0.5) < 1e-9 && found.members.count { $0.entry >= 6 } == 3)
        #expect(abs(found.members.reduce(0) { $0 + $1.weight } - 1) < 1e-9)
        #expect(found.members.count <= 8 && found.curve.map(\.members).first == 3)
        #expect(found.curve.last?.members == found.members.count)
        // Alone they have all of them.
        #expect(try careful.run(plain).members.allSatisfy { abs($0.weight - 1.0 / 3) < 1e-9 })
    }
}
