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

    /// What a word, or some that follow one another, adds to an answer.
    public struct ShadedWord: Sendable, Hashable {
        /// 0 in the only or the first text, 1 in the second one of a pair.
        public var segment: Int
        /// Where it begins in its text, in characters.
        public var start: Int
        /// Its characters.
        public var count: Int
        /// In nats of the log-odds of the predicted class; negative where it speaks against it.
        public var contribution: Double

        /// A word at a place, and what it adds.
        public init(segment: Int, start: Int, count: Int, contribution: Double) {
            self.segment = segment
            self.start = start
            self.count = count
            self.contribution = contribution
        }
    }

    /// A head that was scored.
    struct Row: Sendable {
        /// From 1.
        let place: Int
        let genotype: String
        let parameters: Int
        /// What the ranking is by: higher is better.
        let score: Double
        let proxies: [String: ScoreSummary]
        /// Where the search trained it.
        let trained: Trained?
    }

    /// A head that was trained.
    struct Trained: Sendable {
        let entry: RunResult.Entry
        /// Place in the ranking by score, from 1; `nil` where it was never scored.
        let place: Int?
        /// Its number among the exported model's heads, from 1; `nil` for others.
        let member: Int?
    }

    /// The amount of training, to compare the search with training everything.
    struct TrainingEffort: Sendable {
        /// Heads that the funnel began with.
        var heads = 0
        /// Training rows that these saw, each as often as it was seen.
        var rows = 0
        /// Rows that one training to the end sees.
        var rowsOfOne = 0
    }

    /// What the search found.
    var result: RunResult
    /// The best heads, best first; at most ``leaderboardLimit``.
    let leaderboard: [Row]
    /// All trained heads, as in the result.
    let trained: [Trained]
    /// Of the exported model's heads.
    let architectures: [ArchitectureDiagram]
    /// The exported model's predictions on test.
    let test: TestPredictions
    /// The same without the temperature.
    let uncalibrated: Predictions
    let effort: TrainingEffort
    /// The words of mistakes, by the row's place in test.
    var shaded: [Int: [ShadedWord]] = [:]
    let origin: Origin

    /// Most heads that the page lists.
    static let leaderboardLimit = 300
}

extension ReportContent {
    /// Collects what the page shows.
    init(
        _ findings: RunFindings, _ result: RunResult, shaded: [Int: [ShadedWord]], origin: Origin
    ) throws {
        let (ranking, exported) = (findings.ranking, findings.exported)
        let places = Dictionary(
            ranking.best.enumerated().map { ($1.genotype.description, $0 + 1) }
        ) { first, _ in first }
        let trained = result.entries.map { entry in
            Trained(
                entry: entry, place: places[entry.genotype],
                member: result.exported.members.firstIndex {
                    $0.genotype == entry.genotype && $0.role == entry.role
                        && $0.recipe == entry.recipe
                }.map { $0 + 1 })
        }
        let searched = Dictionary(
            trained.filter { [.contestant, .tried].contains($0.entry.role) }
                .map { ($0.entry.genotype, $0) }
        ) { first, _ in first }
        self.init(
            result: result,
            leaderboard: zip(ranking.best, ranking.scores).prefix(Self.leaderboardLimit)
                .enumerated().compactMap { place, ranked in
                    let (candidate, score) = ranked
                    guard let scores = candidate.score else { return nil }
                    let genotype = candidate.genotype.description
                    return Row(
                        place: place + 1, genotype: genotype, parameters: scores.parameters,
                        score: score, proxies: scores.values, trained: searched[genotype])
                },
            trained: trained,
            architectures: exported.model.members.map { member in
                let genotype = member.entry.genotype
                return ArchitectureDiagram(genotype, in: findings.prepared.spaces[genotype])
            },
            test: TestPredictions(
                exported.test, examples: findings.prepared.dataset.test, labels: result.labels),
            uncalibrated: try Predictions(
                mixing: exported.members, weights: exported.model.members.map(\.weight)),
            effort: TrainingEffort(
                findings.selected.searched, trainRows: findings.prepared.dataset.train.count),
            shaded: shaded, origin: origin)
    }
}

extension ReportContent.TrainingEffort {
    /// - Parameter heads: those of the funnel.
    fileprivate init(_ heads: [Entry], trainRows: Int) {
        self.heads = heads.count
        for entry in heads {
            rows += entry.rowsInFunnel(of: trainRows)
            guard entry.role == .contestant else { continue }
            for (part, trial) in entry.trials.enumerated() {
                guard let trial else { continue }
                // Dev is no part of train, the folds are.
                let seen = part == 0 ? trainRows : trainRows - trial.dev.count
                rows += seen * trial.history.count
                rowsOfOne = max(rowsOfOne, trainRows * trial.history.count)
            }
        }
    }
}
