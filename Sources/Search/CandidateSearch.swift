import Heads
import Scoring
import Support

/// The coarse step: proposes heads and scores them. It sees spaces and a scoring function, nothing
/// of the data, so no label of dev or test can leak into it.
public struct CandidateSearch: Sendable {
    /// Options of a search.
    public struct Options: Sendable {
        /// Heads to score.
        public var candidates = 300
        public var expression = ProxyExpression.learned
        /// What is known of the layers that heads read; only the learned ranking asks.
        public var layers = LayerStandings.unknown
        public var strategy = "random"
        public var threads = Parallel.availableThreads
        /// Heads beyond these are left out: limits for each of the spaces, or none.
        public var limits: [HeadLimits] = []

        public init() {}
    }

    /// Heads proposed before their scores are looked at; does not depend on the number of threads.
    private static let roundSize = 32
    /// Draws after which a space counts as exhausted.
    private static let patience = 2000

    private let spaces: SearchSpaces
    private let options: Options
    private let key: RandomKey
    private let score: @Sendable (Genotype, RandomKey) throws -> Score

    public init(
        spaces: SearchSpaces, options: Options, key: RandomKey,
        score: @escaping @Sendable (Genotype, RandomKey) throws -> Score
    ) {
        self.spaces = spaces
        self.options = options
        self.key = key
        self.score = score
    }

    /// Scores heads until the budget is spent or the spaces hold no new ones.
    ///
    /// - Parameter known: candidates of an interrupted run, in order; they are used as they are.
    /// - Parameter onCandidate: called with every candidate that was not known, as soon as it is
    ///   finished, from several threads at once.
    /// - Parameter onRound: called with the candidates of a round, in order.
    /// - Returns: candidates in the order of proposals, without duplicates.
    /// - Throws: ``SearchError``, `BadOption`, `Interrupted`.
    public func run(
        resuming known: [Candidate] = [], progress: ProgressHandler? = nil,
        onCandidate: @Sendable (Candidate) throws -> Void = { _ in },
        onRound: ([Candidate]) throws -> Void = { _ in }
    ) throws -> [Candidate] {
        try require(
            options.candidates > 0, "the number of candidates", options.candidates, "1 or more")
        let strategy = try StrategyRegistry.find(options.strategy).prepared(for: spaces)
        let finished = Dictionary(known.map { ($0.id, $0) }) { first, _ in first }
        var candidates: [Candidate] = []
        var seen: Set<Genotype> = []
        while candidates.count < options.candidates {
            try WorkProgress(
                stage: "scoring", completed: candidates.count, total: options.candidates,
                unit: "heads"
            ).report(to: progress)
            let proposals = propose(strategy, after: candidates, &seen)
            guard !proposals.isEmpty else { break }
            let base = candidates.count
            let round = try Parallel.map(count: proposals.count, threads: options.threads) {
                index, _ in
                let id = base + index + 1
                if let old = finished[id], old.genotype == proposals[index] { return old }
                let candidate = Candidate(
                    id: id, genotype: proposals[index], outcome: outcome(id, proposals[index]))
                try onCandidate(candidate)
                // A round may take long, so stopping is checked after each head, not after each
                // round.
                try WorkProgress(
                    stage: "scoring", completed: base, total: options.candidates, unit: "heads"
                ).report(to: progress)
                return candidate
            }
            candidates += round
            try onRound(round)
        }
        try WorkProgress(
            stage: "scoring", completed: candidates.count, total: candidates.count, unit: "heads"
        ).report(to: progress)
        if !candidates.contains(where: { $0.score != nil }) {
            var reason = "there was none"
            if case .failed(let first)? = candidates.first?.outcome { reason = first }
            throw SearchError.allFailed(count: candidates.count, firstReason: reason)
        }
        return candidates
    }

    /// The same search for fewer heads.
    public func limited(to candidates: Int) -> CandidateSearch {
        var options = options
        options.candidates = min(candidates, options.candidates)
        return CandidateSearch(spaces: spaces, options: options, key: key, score: score)
    }

    /// The heads that ``run(resuming:progress:onCandidate:onRound:)`` will score, in its order.
    /// - Throws: `BadOption` for a strategy whose proposals depend on scores.
    public func plan() throws -> [Genotype] {
        let strategy = try StrategyRegistry.find(options.strategy).prepared(for: spaces)
        try require(
            !strategy.usesScores, "the strategy of a search in parts", strategy.name,
            StrategyRegistry.all.filter { !$0.usesScores }.map(\.name).joined(separator: " or "))
        var planned: [Candidate] = []
        var seen: Set<Genotype> = []
        while planned.count < options.candidates {
            let proposals = propose(strategy, after: planned, &seen)
            guard !proposals.isEmpty else { break }
            for genotype in proposals {
                planned.append(
                    Candidate(
                        id: planned.count + 1, genotype: genotype,
                        outcome: .failed(reason: "not scored yet")))
            }
        }
        return planned.map(\.genotype)
    }

    /// The best candidates, best first; ties go to the earlier one.
    public func ranking(_ candidates: [Candidate]) -> [Candidate] {
        rated(candidates).map(\.candidate)
    }

    /// The candidates with their ranking.
    public func ranked(_ candidates: [Candidate]) -> RankedCandidates {
        let rated = rated(candidates)
        return RankedCandidates(
            all: candidates, best: rated.map(\.candidate), scores: rated.map(\.fitness),
            expression: options.expression, strategy: options.strategy)
    }

    private func rated(
        _ candidates: [Candidate]
    ) -> [(candidate: Candidate, fitness: Double)] {
        let scored = candidates.filter { $0.score != nil }
        return zip(scored, fitness(scored)).map { ($0, $1) }.sorted { a, b in
            a.1 != b.1 ? a.1 > b.1 : a.0.id < b.0.id
        }
    }

    /// What each of the heads that have a score is ranked by.
    private func fitness(_ scored: [Candidate]) -> [Double] {
        options.expression.combine(
            scored.compactMap { candidate in
                candidate.score.map { (genotype: candidate.genotype, score: $0) }
            }, layers: options.layers)
    }

    private func propose(
        _ strategy: any SearchStrategy, after candidates: [Candidate],
        _ seen: inout Set<Genotype>
    ) -> [Genotype] {
        // Ranking all heads again in every round would make a long random search quadratic.
        let scored = strategy.usesScores ? candidates.filter { $0.score != nil } : []
        let history = zip(scored, fitness(scored)).map { (genotype: $0.0.genotype, fitness: $0.1) }
        let count = min(Self.roundSize, options.candidates - candidates.count)
        var proposals: [Genotype] = []
        var attempts = 0
        let roundKey = key.child("propose")
        while proposals.count < count, attempts < Self.patience {
            var generator = roundKey.child(candidates.count + proposals.count).child(attempts)
                .generator()
            guard
                let genotype = strategy.propose(
                    in: spaces, history: history, drawn: seen.count, using: &generator)
            else { break }
            if seen.insert(genotype).inserted,
                spaces.allow(genotype, limits: options.limits)
            {
                proposals.append(genotype)
                attempts = 0
            } else {
                attempts += 1
            }
        }
        return proposals
    }

    /// Scores one head that was given rather than proposed.
    public func score(_ genotype: Genotype, id: Int = 1) -> Candidate {
        Candidate(id: id, genotype: genotype, outcome: outcome(id, genotype))
    }

    /// The key depends on the genotype, so a head has the same score in every search.
    private func outcome(_ id: Int, _ genotype: Genotype) -> Candidate.Outcome {
        do {
            return .scored(try score(genotype, key.child("score").child(genotype.description)))
        } catch let error as any DiagnosedError {
            return .failed(reason: error.description)
        } catch {
            return .failed(reason: "\(error)")
        }
    }
}
