import Scoring

/// All that `report.html` shows: the result, and what is too much for `result.json`.
package struct ReportContent: Sendable {
    /// A head that was scored.
    package struct Row: Sendable {
        /// From 1.
        package let place: Int
        /// Place in the order of proposals.
        package let id: Int
        package let genotype: String
        package let parameters: Int
        /// What the ranking goes by: higher is better.
        package let score: Double
        package let proxies: [String: ScoreSummary]
        /// Over all held-out rows that it was tried on, where it was trained.
        package let heldOutAccuracy: Double?
    }

    /// A head that was trained.
    package struct Trained: Sendable {
        /// Why it was trained.
        package enum Role: Sendable, Equatable { case winner, finalist, random }

        package let role: Role
        package let genotype: String
        package let parameters: Int
        /// After the first, short training.
        package let devAccuracy: Double
        /// Over the rows of all parts, dev and folds of train, that the head was tried on.
        package let heldOutAccuracy: Double
        package let parts: Int
        /// `nil` where it was never scored.
        package let score: Double?
        /// Place in the ranking.
        package let place: Int?
    }

    /// What training took, to compare the search with training everything.
    package struct TrainingEffort: Sendable {
        /// Trainings of the finalists and the winner.
        package var trainings: Int
        package var epochs: Int
    }

    /// What the search found.
    package var result: RunResult
    /// The best heads, best first; at most ``leaderboardLimit``.
    package var leaderboard: [Row]
    package var trained: [Trained]
    package var architecture: ArchitectureDiagram
    package var test: TestPredictions
    package var effort: TrainingEffort
    /// The command that gives the same result.
    package var command: String
    /// Choices of the run, by name.
    package var options: [(name: String, value: String)]

    /// Heads that the page lists at most.
    package static let leaderboardLimit = 300
}
