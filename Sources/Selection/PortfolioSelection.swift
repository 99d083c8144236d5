import Foundation
import Metrics
import Support

/// Chooses heads that answer better together than the best of them does alone, by the cross entropy
/// of their weighted mean on held-out rows.
///
/// Weights begin equal and take some steps of expectation-maximisation for the proportions of a
/// mixture (Dempster, Laird and Rubin, JRSS B 1977, section 4.3): `w_k <- mean_i w_k p_ik / sum_j w_j
/// p_ij`, with `p_ik` the probability that head k gives the true class of row i. Every step lowers the
/// cross entropy; stopping early keeps the weights near equal, as a few hundred rows cannot tell heads
/// of one quality apart. The heads with the largest weights are members at first; then one after
/// another leaves (``Elimination``). Measured on rows that had no say, this has a lower loss with six
/// members than the eight largest weights have, and than greedy selection with replacement (Caruana et
/// al., ICML 2004; `docs/proxies.md`).
public struct PortfolioSelection: Sendable {
    /// A head that may become a member.
    public struct Contestant: Sendable {
        /// Predictions on rows that it was not trained on, the same rows for every contestant.
        public let heldOut: Predictions
        /// What decides how good it is on them.
        public let criterion: SelectionCriterion
        /// Multiply-adds of an answer, without the encoder's.
        public let cost: Double
        /// The index of the view that it reads.
        public let view: Int
        /// Whether it is fitted exactly, so that it was not chosen among many.
        public let isExact: Bool

        /// - Parameters:
        ///   - heldOut: predictions on rows that it was not trained on.
        ///   - criterion: what decides how good it is on them.
        ///   - cost: multiply-adds of an answer, without the encoder's.
        ///   - view: the index of the view that it reads.
        ///   - isExact: whether it is fitted exactly.
        public init(
            heldOut: Predictions, criterion: SelectionCriterion, cost: Double = 0, view: Int = 0,
            isExact: Bool = false
        ) {
            self.heldOut = heldOut
            self.criterion = criterion
            self.cost = cost
            self.view = view
            self.isExact = isExact
        }

        /// The deciding metric on some of the rows; `nil` for all.
        func value(_ rows: [Int]?) -> Double {
            criterion.score(rows.map(heldOut.rows) ?? heldOut).value
        }
    }

    /// Most members.
    public var members = 8
    /// What answering may cost, as a multiple of the cheapest encoder's pass; `nil` for no limit.
    public var largestCost: Double?
    /// Multiply-adds of each view's encoder pass.
    public var viewCosts: [Double] = [0]
    /// The group of each held-out row: rows of a group are in one part of those that the estimate is
    /// measured on. `nil`: every row is a group of its own.
    public var together: [Int]?
    /// Whether rows are few: then they say little about which head is better, so that weights stay nearer to
    /// equal, heads may be worse by two standard errors, and more members remain. Heads that are fitted exactly
    /// have half of the weights: the best of many trained heads are largely those with luck.
    public var isCautious = false
    /// Decides the parts of the rows that the estimate is measured on.
    public let key: RandomKey

    /// Steps that the weights take from equality.
    static let steps = 20
    /// Heads that are members at first, for each that may remain.
    private static let firstMembers = 2
    /// What a limit on the cost may be exceeded by: a linear head costs nearly nothing, but not nothing.
    static let negligible = 0.005
    /// Parts of the rows that the portfolio's own estimate is measured on in turn.
    static let folds = 5
    /// Heads that are worse than the best by more than this never enter: a handful of rows can make
    /// any head look useful.
    static let margin = 0.1
    /// Held-out rows from which weights take all their steps where rows are few.
    private static let enoughRows = 200

    /// - Parameter key: decides the parts of the rows that the estimate is measured on.
    public init(key: RandomKey) { self.key = key }

    /// Chooses members, and estimates on held-out rows how good they are together.
    /// - Returns: members in the order of their weights.
    /// - Throws: `MetricsError` where contestants were not tried on the same rows.
    /// - Precondition: there is at least one contestant.
    public func run(_ contestants: [Contestant]) throws -> Portfolio {
        let (chosen, temperature, curve) = try choose(contestants, rows: nil)
        let mixture = try Portfolio.mix(chosen, contestants.map(\.heldOut))
        return Portfolio(
            members: chosen, temperature: temperature,
            thresholds: Thresholds.fit(mixture.tempered(temperature)),
            heldOut: try estimate(contestants), curve: curve)
    }

    // MARK: Members

    private func choose(
        _ contestants: [Contestant], rows: [Int]?
    ) throws -> Choice {
        if isCautious, let choice = try halfExact(contestants, rows: rows) { return choice }
        let heldOut = contestants.map { rows.map($0.heldOut.rows) ?? $0.heldOut }
        let weighted = weights(contestants, rows: rows)
        let path = try Elimination(heldOut, first: first(weighted, contestants, limit: nil)).steps
        var stages = path
        if let largestCost {
            // Heads that are dear may have left no room for others.
            let affordable = first(weighted, contestants, limit: largestCost)
            if !affordable.isEmpty {
                stages += try Elimination(heldOut, first: affordable).steps
            }
        }
        let allowed = stages.filter { stage in
            stage.members.count <= members
                && isAffordable(stage.members.map { contestants[$0.entry] }, largestCost)
        }
        let best =
            try
            (isCautious
            ? Elimination.largest(allowed, heldOut) : Elimination.best(allowed))
            ?? cheapest(contestants, heldOut)
        return (best.members, best.temperature, path.reversed().map(\.step))
    }

    /// Members, their temperature, and how good so many are.
    private typealias Choice = (
        members: [Portfolio.Member], temperature: Double, curve: [Portfolio.Step]
    )

    /// Heads that are fitted exactly, each with the same weight, and as much weight for others.
    /// - Returns: `nil` where there are none, or no room for them.
    private func halfExact(_ contestants: [Contestant], rows: [Int]?) throws -> Choice? {
        let heldOut = contestants.map { rows.map($0.heldOut.rows) ?? $0.heldOut }
        let losses = heldOut.map { ClassificationMetrics($0).loss }
        let exact = contestants.indices.filter { contestants[$0].isExact }
            .sorted { (losses[$0], $0) < (losses[$1], $1) }.prefix(members / 2)
        guard !exact.isEmpty, isAffordable(exact.map { contestants[$0] }, largestCost) else {
            return nil
        }
        let trained = try trainedHalf(contestants, heldOut, beside: Array(exact), rows: rows)
        let share = trained.isEmpty ? 1 : 0.5
        let all =
            exact.map { Portfolio.Member(entry: $0, weight: share / Double(exact.count)) }
            + trained.map { Portfolio.Member(entry: $0.entry, weight: (1 - share) * $0.weight) }
        let curve = try (exact.count...all.count).map { count in
            let first = all.prefix(count)
            let sum = first.reduce(0) { $0 + $1.weight }
            let mixture = try Portfolio.mix(
                first.map { Portfolio.Member(entry: $0.entry, weight: $0.weight / sum) }, heldOut)
            let metrics = ClassificationMetrics(mixture.tempered(Temperature.fit(mixture)))
            return Portfolio.Step(
                members: count, accuracy: metrics.knownAccuracy, crossEntropy: metrics.loss)
        }
        let sorted = all.indices.sorted {
            (all[$1].weight, $0) < (all[$0].weight, $1)
        }.map { all[$0] }
        let temperature = Temperature.fit(
            try Portfolio.mix(sorted, heldOut), deviation: Temperature.usualDeviation)
        return (sorted, temperature, curve)
    }

    /// The trained heads that answer beside others, from the largest weight to the smallest; the weights' sum is 1.
    private func trainedHalf(
        _ contestants: [Contestant], _ heldOut: [Predictions], beside exact: [Int], rows: [Int]?
    ) throws -> [Portfolio.Member] {
        let places = contestants.indices.filter { !contestants[$0].isExact }
        guard !places.isEmpty else { return [] }
        let own = places.map { contestants[$0] }
        let fixed = exact.map { contestants[$0] }
        let ownHeldOut = places.map { heldOut[$0] }
        let begin = first(weights(own, rows: rows), own, limit: nil)
        let stages = try Elimination(ownHeldOut, first: begin).steps.filter { stage in
            stage.members.count <= members - exact.count
                && isAffordable(fixed + stage.members.map { own[$0.entry] }, largestCost)
        }
        let best = try Elimination.largest(stages, ownHeldOut)
        return best?.members.map {
            Portfolio.Member(entry: places[$0.entry], weight: $0.weight)
        } ?? []
    }

    /// The head that costs the least, where none stays within the limit.
    private func cheapest(
        _ contestants: [Contestant], _ heldOut: [Predictions]
    ) throws -> Elimination.Stage {
        let costs = contestants.map { cost([$0]) }
        let place = costs.indices.min { costs[$0] < costs[$1] } ?? 0
        return try Elimination(heldOut, first: [Portfolio.Member(entry: place, weight: 1)]).steps[0]
    }

    /// All heads that may enter, by weight, the largest first.
    private func weights(_ contestants: [Contestant], rows: [Int]?) -> [Portfolio.Member] {
        // Rows that the estimate is measured on have no say, not even in who is too weak.
        let values = contestants.map { $0.value(rows) }
        let best = values.max() ?? 0
        let count = rows?.count ?? contestants[0].heldOut.count
        let places = contestants.indices.filter { values[$0] >= best - margin(best, rows: count) }
        let truth = places.map { place in
            let heldOut = contestants[place].heldOut
            return (rows.map(heldOut.rows) ?? heldOut).likelihoods
        }
        let weights = Self.mixture(truth, steps: steps(rows: count))
        return weights.indices.sorted {
            weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
        }.map { Portfolio.Member(entry: places[$0], weight: weights[$0]) }
    }

    /// The members to begin with: those with the largest weights that answer within a limit.
    private func first(
        _ ranked: [Portfolio.Member], _ contestants: [Contestant], limit: Double?
    ) -> [Portfolio.Member] {
        var kept: [Portfolio.Member] = []
        for member in ranked
        where kept.count < Self.firstMembers * members
            && isAffordable((kept + [member]).map { contestants[$0.entry] }, limit)
        {
            kept.append(member)
        }
        let sum = kept.reduce(0) { $0 + $1.weight }
        return kept.map { Portfolio.Member(entry: $0.entry, weight: $0.weight / sum) }
    }

    private func steps(rows: Int) -> Int {
        isCautious ? min(Self.steps, max(2, Self.steps * rows / Self.enoughRows)) : Self.steps
    }

    private func margin(_ best: Double, rows: Int) -> Double {
        guard isCautious, (0...1).contains(best) else { return Self.margin }
        return max(Self.margin, 2 * (best * (1 - best) / Double(max(1, rows))).squareRoot())
    }

    /// The weights of a mixture after a few steps from equality.
    /// - Parameters:
    ///   - truth: for each head the likelihoods of the true answers, row by row.
    ///   - steps: how many.
    static func mixture(_ truth: [[Float]], steps: Int = Self.steps) -> [Double] {
        let rows = truth[0].count
        var weights = [Double](repeating: 1 / Double(truth.count), count: truth.count)
        for _ in 0..<steps {
            var sums = [Double](repeating: 0, count: rows)
            for (weight, values) in zip(weights, truth) {
                for row in 0..<rows {
                    // No head may rule a class out.
                    sums[row] += weight * Double(max(values[row], .ulpOfOne))
                }
            }
            weights = zip(weights, truth).map { weight, values in
                var share = 0.0
                for row in 0..<rows {
                    share += Double(max(values[row], .ulpOfOne)) / sums[row]
                }
                return weight * share / Double(rows)
            }
        }
        return weights
    }

    // MARK: Cost

    /// Whether these heads together stay within the limit.
    private func isAffordable(_ heads: [Contestant], _ limit: Double?) -> Bool {
        Self.affords(cost(heads), within: limit)
    }

    /// Whether a cost is within a limit, both multiples of the encoder's pass; every one is where there is none.
    static func affords(_ cost: Double, within limit: Double?) -> Bool {
        limit.map { cost <= $0 + negligible } ?? true
    }

    /// What answering costs, as a multiple of the cheapest pass of an encoder that is used.
    func cost(_ heads: [Contestant]) -> Double {
        AnswerCosts.factor(
            views: Set(heads.map(\.view)).map { viewCosts[$0] },
            heads: heads.reduce(0) { $0 + $1.cost })
    }

    // MARK: Estimates

    /// The portfolio's predictions for rows that it was not chosen on: members, weights, temperature and
    /// thresholds are found on the other parts.
    private func estimate(_ contestants: [Contestant]) throws -> Predictions {
        let all = contestants[0].heldOut
        var generator = key.child("folds").generator()
        let order = Array(0..<all.count).shuffled(using: &generator)
        let folds = min(Self.folds, all.count)
        guard folds > 1 else {
            let (members, temperature, _) = try choose(contestants, rows: nil)
            let mixture = try Portfolio.mix(members, contestants.map(\.heldOut))
                .tempered(temperature)
            return mixture.decided(by: Thresholds.fit(mixture))
        }
        // Groups take turns as their first rows come.
        let groups = together.flatMap { groups in
            groups.count == all.count && Set(groups).count >= folds ? groups : nil
        }
        var foldOfGroup: [Int: Int] = [:]
        var foldOfRow = order
        for row in order {
            let group = groups?[row] ?? row
            foldOfRow[row] = foldOfGroup[group] ?? foldOfGroup.count % folds
            foldOfGroup[group] = foldOfRow[row]
        }
        return try Predictions.crossFitted(folds: foldOfRow) { inside, outside in
            let (members, temperature, _) = try choose(contestants, rows: outside)
            let mixture = try Portfolio.mix(members, contestants.map(\.heldOut))
            return mixture.rows(inside).tempered(temperature).decided(
                by: Thresholds.fit(mixture.rows(outside).tempered(temperature)))
        }
    }
}
