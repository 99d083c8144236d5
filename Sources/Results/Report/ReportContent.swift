import Heads
import Metrics
import Scoring
import Selection

/// Everything that `report.html` shows: the result, and what is too much for `result.json`.
public struct ReportContent: Sendable {
    /// How the run was started.
    public struct Origin: Sendable {
        /// The command that reproduces the result; `nil` for runs that were not started by a
        /// command line.
        public var command: String?
        /// Every choice that decides what the run finds, by its path in the configuration.
        public var choices: [String: String]

        /// - Parameters:
        ///   - command: the command that reproduces the result.
        ///   - choices: every choice that decides what the run finds.
        public init(command: String?, choices: [String: String]) {
            self.command = command
            self.choices = choices
        }
    }

    /// A head that was scored.
    struct Row: Sendable {
        /// From 1.
        let place: Int
        /// Number in the order of proposals.
        let id: Int
        let genotype: String
        let parameters: Int
        /// What the ranking is by: higher is better.
        let score: Double
        let proxies: [String: ScoreSummary]
        /// Accuracy over all held-out rows that it was tried on, where it was trained.
        let heldOutAccuracy: Double?
    }

    /// A head that was tried, with its place in the ranking.
    struct Trial: Sendable {
        let entry: RunResult.Entry
        let devAccuracy: Double
        let heldOutAccuracy: Double
        /// Whether it became the search's best head.
        let isBest: Bool
        /// `nil` where it was never scored.
        let score: Double?
        /// Place in the ranking.
        let place: Int?
    }

    /// The amount of training, to compare the search with training everything.
    struct TrainingEffort: Sendable {
        /// Trainings of the finalists and the best head.
        var trainings: Int
        var epochs: Int
    }

    /// What the search found.
    let result: RunResult
    /// The best heads, best first; at most ``leaderboardLimit``.
    let leaderboard: [Row]
    /// Finalists and random heads.
    let trials: [Trial]
    let architecture: ArchitectureDiagram
    let test: TestPredictions
    let effort: TrainingEffort
    let origin: Origin

    /// Most heads that the page lists.
    static let leaderboardLimit = 300

    /// Collects what the page shows.
    init(_ findings: RunFindings, _ result: RunResult, origin: Origin) throws {
        let (ranking, selected) = (findings.ranking, findings.selected)
        var scored: [Genotype: (place: Int, score: Double)] = [:]
        for (index, score) in ranking.scores.enumerated() {
            scored[ranking.best[index].genotype] = (index + 1, score)
        }
        let accuracies = Dictionary(
            selected.finalists.map { ($0.genotype, $0.heldOutAccuracy) }
        ) { first, _ in first }
        self.result = result
        self.origin = origin
        leaderboard = ranking.best.prefix(Self.leaderboardLimit).compactMap { candidate in
            guard let score = candidate.score, let rank = scored[candidate.genotype] else {
                return nil
            }
            return Row(
                place: rank.place, id: candidate.id, genotype: candidate.genotype.description,
                parameters: score.parameters, score: rank.score, proxies: score.values,
                heldOutAccuracy: accuracies[candidate.genotype] ?? nil)
        }
        trials = zip(selected.entries, result.entries).compactMap { entry, shown in
            guard entry.role == .finalist || entry.role == .randomFinalist,
                let accuracy = entry.heldOutAccuracy, let dev = shown.dev
            else { return nil }
            let rank = scored[entry.genotype]
            return Trial(
                entry: shown, devAccuracy: dev.accuracy, heldOutAccuracy: accuracy,
                isBest: entry.role == .finalist
                    && entry.genotype == selected.searched.genotype,
                score: rank?.score, place: rank?.place)
        }
        architecture = ArchitectureDiagram(
            selected.exported.genotype, in: findings.exportedView.space)
        test = TestPredictions(
            try findings.modelTest, examples: findings.prepared.dataset.test,
            labels: result.labels)
        let heads =
            selected.entries.filter { [.finalist, .tuning].contains($0.role) }
            .flatMap(\.trials).compactMap { $0 } + selected.searched.seeds
        effort = TrainingEffort(
            trainings: heads.count, epochs: heads.reduce(0) { $0 + $1.history.count })
    }
}
