import Support
import Training

/// Spends trainings where they tell (Jamieson and Talwalkar, AISTATS 2016): every contestant is
/// trained with dev held out; the better half again with a fold of train held out, the better half of
/// those with another, and so on. What counts is the accuracy over all held-out rows so far.
struct SuccessiveHalving: Sendable {
    let stage: TrainingStage
    let key: RandomKey
    /// Parts that are held out at most, dev included.
    var rounds = 3

    /// - Returns: the contestants in their order, each with the parts it was tried on, and the best.
    /// - Throws: ``TrainingError/diverged(epoch:)`` when none could be trained.
    func run(
        _ contestants: [Standing], stageName: String
    ) throws -> (standings: [Standing], best: Int) {
        var standings = contestants
        var alive = Array(standings.indices)
        for round in 0..<min(rounds, stage.parts.count) {
            let trained = try train(
                alive.map { standings[$0] }, part: round, stageName: stageName)
            for (index, result) in zip(alive, trained) { standings[index].add(result.head) }
            alive = alive.filter { standings[$0].isSound }
            guard !alive.isEmpty else { throw TrainingError.diverged(epoch: 1) }
            let ranked = Standing.best(alive.map { standings[$0] }, count: alive.count)
            let kept = round == 0 && alive.count <= 2 ? alive.count : (alive.count + 1) / 2
            alive = ranked.prefix(kept).map { alive[$0] }
            if alive.count == 1 { break }
        }
        return (standings, alive[0])
    }

    /// Trains contestants with a part held out.
    func train(
        _ contestants: [Standing], part: Int, stageName: String
    ) throws -> [TrainedGenotype] {
        let jobs = contestants.map {
            TrainingJob(genotype: $0.genotype, configuration: $0.configuration, part: part)
        }
        return try stage.train(jobs, key, stageName: stageName)
    }
}
