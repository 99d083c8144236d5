import Heads
import Scoring

/// A head that was proposed, and what came of it.
public struct Candidate: Sendable, Hashable {
    /// The result of scoring.
    public enum Outcome: Sendable, Hashable {
        case scored(Score)
        /// Why there is no score; the candidate is out of the running.
        case failed(reason: String)
    }

    /// Position in the order of proposals, from 1.
    public let id: Int
    public let genotype: Genotype
    public let outcome: Outcome

    public init(id: Int, genotype: Genotype, outcome: Outcome) {
        self.id = id
        self.genotype = genotype
        self.outcome = outcome
    }

    /// The score, if there is one.
    public var score: Score? {
        if case .scored(let score) = outcome { return score }
        return nil
    }
}
