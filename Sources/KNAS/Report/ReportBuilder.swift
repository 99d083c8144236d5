import Heads
import Metrics
import Search

/// Puts together what the page shows, from the stages' results.
struct ReportBuilder {
    let configuration: RunConfiguration
    let space: SearchSpace
    /// Best first.
    let ranking: [Candidate]
    let winner: HeadDevelopment.Outcome
    let random: HeadDevelopment.Outcome?
    /// The head of the model.
    let exported: Genotype

    func content(_ result: RunResult, test: TestPredictions) -> ReportContent {
        let scores = configuration.expression.combine(ranking.compactMap(\.score))
        var scored: [Genotype: (place: Int, score: Double)] = [:]
        for (index, candidate) in ranking.enumerated() where index < scores.count {
            scored[candidate.genotype] = (index + 1, scores[index])
        }
        let command = ReportCommand(configuration: configuration)
        return ReportContent(
            result: result, leaderboard: leaderboard(scored),
            trained: trained(winner, scored, isRandom: false)
                + (random.map { trained($0, scored, isRandom: true) } ?? []),
            architecture: ArchitectureDiagram(exported, in: space), test: test,
            effort: effort, command: command.text, options: command.options)
    }

    private func leaderboard(
        _ scored: [Genotype: (place: Int, score: Double)]
    ) -> [ReportContent.Row] {
        let accuracies = winner.accuracies
        return ranking.prefix(ReportContent.leaderboardLimit).compactMap { candidate in
            guard let score = candidate.score, let rank = scored[candidate.genotype] else {
                return nil
            }
            return ReportContent.Row(
                place: rank.place, id: candidate.id, genotype: candidate.genotype.description,
                parameters: score.parameters, score: rank.score, proxies: score.values,
                heldOutAccuracy: accuracies[candidate.genotype])
        }
    }

    /// Contestants that training went through with.
    private func trained(
        _ outcome: HeadDevelopment.Outcome,
        _ scored: [Genotype: (place: Int, score: Double)], isRandom: Bool
    ) -> [ReportContent.Trained] {
        outcome.standings.enumerated().compactMap { index, standing in
            guard let accuracy = standing.accuracy, let head = standing.heads.first ?? nil else {
                return nil
            }
            let rank = scored[standing.genotype]
            return ReportContent.Trained(
                role: isRandom ? .random : outcome.best == index ? .winner : .finalist,
                genotype: standing.genotype.description, parameters: head.graph.trainableCount,
                devAccuracy: ClassificationMetrics(head.dev).accuracy, heldOutAccuracy: accuracy,
                parts: standing.heads.count,
                score: rank?.score, place: rank?.place)
        }
    }

    private var effort: ReportContent.TrainingEffort {
        let heads =
            (winner.standings + winner.tuning).flatMap(\.heads).compactMap { $0 }
            + winner.seeds
        return ReportContent.TrainingEffort(
            trainings: heads.count, epochs: heads.reduce(0) { $0 + $1.history.count })
    }
}
