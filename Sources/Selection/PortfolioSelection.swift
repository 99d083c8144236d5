import Foundation
import Metrics
import Support

/// Chooses heads that answer better together than the best of them does alone: greedy forward
/// selection with replacement on held-out cross entropy (Caruana, Niculescu-Mizil, Crew and Ksikes,
/// ICML 2004, sections 2.1 and 2.2), bagged against overfitting (section 2.3).
///
/// Every bag holds half of the rows. Its greedy selection starts from nothing and adds, step by step,
/// the head that lowers the cross entropy of the mean the most, the same head again if it does. The
/// bags' weights are averaged, the smallest are dropped, and one temperature is fitted.
public struct PortfolioSelection: Sendable {
    /// A head that may become a member.
    public struct Contestant: Sendable {
        /// Predictions on rows that it was not trained on, the same rows for every contestant.
        public let heldOut: Predictions
        /// How good it is on them.
        public let score: SelectionScore
        /// Multiply-adds of an answer, without the encoder's.
        public let cost: Double
        /// The index of the view that it reads.
        public let view: Int

        /// - Parameters:
        ///   - heldOut: predictions on rows that it was not trained on.
        ///   - cost: multiply-adds of an answer, without the encoder's.
        ///   - view: the index of the view that it reads.
        public init(
            heldOut: Predictions, score: SelectionScore, cost: Double = 0, view: Int = 0
        ) {
            self.heldOut = heldOut
            self.score = score
            self.cost = cost
            self.view = view
        }
    }

    /// Most members.
    public var members = 8
    /// What answering may cost, as a multiple of the cheapest encoder's pass; `nil` for no limit.
    public var largestCost: Double?
    /// Multiply-adds of each view's encoder pass.
    public var viewCosts: [Double] = [0]
    /// Decides the bags.
    public let key: RandomKey

    /// Greedy steps in each bag.
    static let steps = 8
    /// Bags, each with half of the rows.
    static let bags = 20
    /// Parts of the rows that the portfolio's own estimate is measured on in turn.
    static let folds = 5
    /// Heads that are worse than the best by more than this never enter: a handful of rows can make
    /// any head look useful.
    static let margin = 0.1

    /// - Parameter key: decides the bags.
    public init(key: RandomKey) { self.key = key }

    /// Chooses members, and estimates on held-out rows how good they are together.
    /// - Returns: members in the order of their weights.
    /// - Throws: `MetricsError` where contestants were not tried on the same rows.
    /// - Precondition: there is at least one contestant.
    public func run(_ contestants: [Contestant]) throws -> Portfolio {
        let (chosen, temperature) = try choose(contestants, rows: nil, key.child("all"))
        return Portfolio(
            members: chosen, temperature: temperature, heldOut: try estimate(contestants),
            curve: try curve(contestants, chosen))
    }

    // MARK: Members

    private func choose(
        _ contestants: [Contestant], rows: [Int]?, _ key: RandomKey
    ) throws -> (members: [Portfolio.Member], temperature: Double) {
        let members = weights(contestants, rows: rows, key)
        let mixture = try Portfolio.mix(members, contestants.map(\.heldOut))
        return (members, Temperature.fit(rows.map(mixture.rows) ?? mixture))
    }

    /// The bags' mean weights of the members that remain.
    private func weights(
        _ contestants: [Contestant], rows: [Int]?, _ key: RandomKey
    ) -> [Portfolio.Member] {
        let best = contestants.map(\.score.value).max() ?? 0
        let places = contestants.indices.filter {
            contestants[$0].score.value >= best - Self.margin
        }
        let truth = places.map { contestants[$0].heldOut.trueClassProbabilities }
        let rows = rows ?? Array(truth[0].indices)
        var totals = [Double](repeating: 0, count: places.count)
        for bag in 0..<Self.bags {
            var generator = key.child(bag).generator()
            let half = rows.shuffled(using: &generator).prefix((rows.count + 1) / 2)
            let part = truth.map { values in half.map { values[$0] } }
            for place in Self.greedy(part, costs: places.map { contestants[$0] }, self) {
                totals[place] += 1
            }
        }
        let ranked = places.indices.filter { totals[$0] > 0 }
            .sorted { totals[$0] != totals[$1] ? totals[$0] > totals[$1] : $0 < $1 }
        var kept: [Int] = []
        for place in ranked where kept.count < members {
            if isAffordable((kept + [place]).map { contestants[places[$0]] }) {
                kept.append(place)
            }
        }
        let sum = kept.reduce(0) { $0 + totals[$1] }
        return kept.map { Portfolio.Member(entry: places[$0], weight: totals[$0] / sum) }
    }

    /// The places that greedy selection takes, one for each step.
    /// - Parameter truth: for each contestant the probabilities of the true classes.
    private static func greedy(
        _ truth: [[Float]], costs: [Contestant], _ selection: PortfolioSelection
    ) -> [Int] {
        var sums = [Float](repeating: 0, count: truth[0].count)
        var taken: [Int] = []
        for step in 1...steps {
            var best: (place: Int, loss: Double)?
            for place in truth.indices {
                let isNew = !taken.contains(place)
                if isNew, !selection.isAffordable(Set(taken + [place]).map { costs[$0] }) {
                    continue
                }
                let loss = crossEntropy(sums, truth[place], count: Float(step))
                if best == nil || loss < best!.loss { best = (place, loss) }
            }
            // The first is always affordable: see isAffordable.
            guard let (place, _) = best else { break }
            taken.append(place)
            for row in sums.indices { sums[row] += truth[place][row] }
        }
        return taken
    }

    private static func crossEntropy(_ sums: [Float], _ added: [Float], count: Float) -> Double {
        var loss = 0.0
        for row in sums.indices {
            loss -= Double(logf(max((sums[row] + added[row]) / count, .ulpOfOne)))
        }
        return loss
    }

    // MARK: Cost

    /// Whether these heads together stay within the limit; one alone always does.
    private func isAffordable(_ heads: [Contestant]) -> Bool {
        guard let largestCost, heads.count > 1 else { return true }
        return cost(heads) <= largestCost
    }

    /// What answering costs, as a multiple of the cheapest pass of an encoder that is used: every view
    /// is paid for once, every head for itself.
    func cost(_ heads: [Contestant]) -> Double {
        let views = Set(heads.map(\.view)).map { viewCosts[$0] }
        guard let cheapest = views.min(), cheapest > 0 else { return 1 }
        return (views.reduce(0, +) + heads.reduce(0) { $0 + $1.cost }) / cheapest
    }

    // MARK: Estimates

    /// The portfolio's predictions for rows that it was not chosen on: members, weights and temperature
    /// are found on the other parts.
    private func estimate(_ contestants: [Contestant]) throws -> Predictions {
        let all = contestants[0].heldOut
        var generator = key.child("folds").generator()
        let order = Array(0..<all.count).shuffled(using: &generator)
        let folds = min(Self.folds, all.count)
        guard folds > 1 else {
            let (members, temperature) = try choose(contestants, rows: nil, key.child("all"))
            return try Portfolio.mix(members, contestants.map(\.heldOut)).tempered(temperature)
        }
        var parts: [(rows: [Int], predictions: Predictions)] = []
        for fold in 0..<folds {
            let inside = order.indices.filter { $0 % folds == fold }.map { order[$0] }.sorted()
            let outside = order.indices.filter { $0 % folds != fold }.map { order[$0] }.sorted()
            let (members, temperature) = try choose(
                contestants, rows: outside, key.child("fold").child(fold))
            let mixture = try Portfolio.mix(members, contestants.map(\.heldOut))
            parts.append((inside, mixture.rows(inside).tempered(temperature)))
        }
        // Back in the order of the rows.
        let pooled = try Predictions(pooling: parts.map(\.predictions))
        var places = [Int](repeating: 0, count: all.count)
        for (place, row) in parts.flatMap(\.rows).enumerated() { places[row] = place }
        return pooled.rows(places)
    }

    /// Held-out cross entropy with the first, the first two, ... of the members, calibrated.
    private func curve(
        _ contestants: [Contestant], _ members: [Portfolio.Member]
    ) throws -> [Portfolio.Step] {
        try (1...members.count).map { count in
            let sum = members.prefix(count).reduce(0) { $0 + $1.weight }
            let first = members.prefix(count).map {
                Portfolio.Member(entry: $0.entry, weight: $0.weight / sum)
            }
            let mixture = try Portfolio.mix(first, contestants.map(\.heldOut))
            let metrics = ClassificationMetrics(mixture.tempered(Temperature.fit(mixture)))
            return Portfolio.Step(
                members: count, accuracy: metrics.accuracy, crossEntropy: metrics.crossEntropy)
        }
    }
}
