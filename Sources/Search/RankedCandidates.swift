import Heads
import Scoring

/// What a search found: its candidates, and their order by score.
public struct RankedCandidates: Sendable {
    /// In the order of proposals.
    public let all: [Candidate]
    /// Those with a score, best first.
    public let best: [Candidate]
    /// The value that each head of ``best`` is ranked by; higher is better.
    public let scores: [Double]
    /// What they are ranked by.
    public let expression: ProxyExpression
    /// How they were proposed, by name.
    public let strategy: String
}
