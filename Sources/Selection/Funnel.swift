import Heads
import Metrics
import Support
import Training

/// From many promising heads to a few contestants, with rising fidelity: all are trained for a quarter
/// of the epochs, the better ones go on to half, the best of those to the end (successive halving,
/// Jamieson and Talwalkar, AISTATS 2016; the weights are kept, as in ASHA, Li et al., MLSys 2020).
///
/// What a head has learnt after a quarter says far more about the end than any score at its random
/// start: over ten tasks, Spearman's rho is 0.8 to 0.9 (`docs/proxies.md`).
struct Funnel: Sendable {
    let contest: Contest

    /// A halt on the way.
    private struct Rung: Sendable {
        /// Of all epochs one share of so many.
        let divisor: Int
        /// Training rows at most: with many of them a part of an epoch tells enough.
        let rows: Int
        /// How many go on, for so many contestants.
        let keep: @Sendable (_ contestants: Int) -> Int

        func epochs(of all: Int) -> Int { max(1, all / divisor) }
    }

    private static let rungs = [
        Rung(divisor: 4, rows: 2000) { $0 + ($0 + 2) / 3 },
        Rung(divisor: 2, rows: 8000) { $0 },
    ]

    /// Held-out rows that are enough to tell good heads from bad ones.
    static let comparisonRows = 200

    /// - Parameters:
    ///   - genotypes: the heads that begin.
    ///   - roles: of contestants, and of heads that leave.
    /// - Returns: the contestants, tried on every part, in the order in which the funnel ranked them;
    ///   then the heads that left, with how they did until then.
    /// - Throws: ``TrainingError/diverged(epoch:)`` where no head could be trained, though all were tried.
    func run(
        _ genotypes: [Genotype], roles: (contestant: Role, tried: Role), stageName: String
    ) throws -> (contestants: [Entry], left: [Entry]) {
        let count = contest.configuration.keep
        var alive = genotypes.map { contest.entry(roles.contestant, $0) }
        var left: [Entry] = []
        for (number, rung) in Self.rungs.enumerated() where alive.count > count {
            let seen = try advance(
                alive, rung, stageName: "\(stageName), round \(number + 1)")
            let ranked = Self.ranking(seen).map { seen[$0] }
            let kept = ranked.filter(\.isSound).prefix(rung.keep(count))
            alive = Array(kept)
            let going = Set(alive.map(\.genotype))
            left = ranked.filter { !going.contains($0.genotype) } + left
            contest.trainings.drop(
                except: contest.jobs(alive, parts: parts), contest.key)
        }
        let tried = try contest.tried(alive, stageName: stageName)
        contest.trainings.drop(except: [], contest.key)
        let contestants = tried.filter(\.isSound)
        // Where a run is finished early, or no heads were asked for, there may be none.
        if contestants.isEmpty, !genotypes.isEmpty, !contest.trainings.memo.isClosed {
            throw TrainingError.diverged(epoch: 1)
        }
        left = tried.filter { !$0.isSound } + left
        return (contestants, left.map { $0.answering([], as: roles.tried) })
    }

    /// What heads cost that left a funnel, beside its contestants' trials.
    /// - Parameter cost: multiply-adds of training a head on so many rows.
    static func work(
        _ left: [Entry], trainRows: Int, cost: (Genotype, Int) -> Double
    ) -> Double {
        left.reduce(0) { $0 + cost($1.genotype, $1.rowsInFunnel(of: trainRows)) }
    }

    /// Rows that a head has seen after so many rounds, each as often as it was seen.
    fileprivate static func rows(rounds: Int, of trainRows: Int, epochs: Int) -> Int {
        guard rounds > 0 else { return 0 }
        let rung = rungs[min(rounds, rungs.count) - 1]
        return min(rung.epochs(of: epochs) * trainRows, rung.rows)
    }

    /// Rows that all heads see in the rounds together, each as often as it is seen.
    static func rows(
        begin: Int, contestants: Int, trainRows: Int, epochs: Int, parts: Int
    ) -> Int {
        var count = begin
        var (before, sum) = (0, 0)
        for (number, rung) in rungs.enumerated() where count > contestants {
            let after = rows(rounds: number + 1, of: trainRows, epochs: epochs)
            sum += count * parts * (after - before)
            before = after
            count = min(count, rung.keep(contestants))
        }
        return sum
    }

    /// Number of parts, dev first, that heads are compared on in the rungs: a small dev alone would
    /// choose by luck.
    private var parts: Int { contest.trainings.partCount(holdingOut: Self.comparisonRows) }

    /// Trains all up to a rung, and looks at the rows that were held out.
    private func advance(
        _ entries: [Entry], _ rung: Rung, stageName: String
    ) throws -> [Entry] {
        let parts = parts
        let outcomes = try contest.trainings.advance(
            contest.jobs(entries, parts: parts), contest.key,
            epochs: rung.epochs(of: contest.configuration.training.epochs), rows: rung.rows,
            stageName: stageName)
        return entries.enumerated().map { place, entry in
            entry.seen(Array(outcomes[place * parts..<(place + 1) * parts]))
        }
    }

    /// The places of entries, best first, by the sum of their ranks in the deciding metric and in cross
    /// entropy: the first is coarse where dev is small, the second alone mistakes a timid head for a
    /// bad one.
    static func ranking(_ entries: [Entry]) -> [Int] {
        let scores = entries.map(\.heldOutScore)
        let worst = -Double.infinity
        let ranks = [
            RankStatistics.ranks(scores.map { $0?.value ?? worst }),
            RankStatistics.ranks(scores.map { $0.map { -$0.crossEntropy } ?? worst }),
        ]
        let sums = entries.indices.map { ranks[0][$0] + ranks[1][$0] }
        return entries.indices.sorted { sums[$0] != sums[$1] ? sums[$0] > sums[$1] : $0 < $1 }
    }
}

extension Entry {
    /// Training rows that the head has seen in a funnel, each as often as it was seen, over all its
    /// trainings; 0 for a head that was in none, or went through it.
    /// - Parameter trainRows: rows of the training split.
    public func rowsInFunnel(of trainRows: Int) -> Int {
        guard case .adamW(let training) = recipe else { return 0 }
        return trials.count
            * Funnel.rows(rounds: rounds, of: trainRows, epochs: training.epochs)
    }
}
