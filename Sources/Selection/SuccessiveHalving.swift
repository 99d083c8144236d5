import Support
import Training

/// Spends trainings where they matter (Jamieson and Talwalkar, AISTATS 2016): every contestant is
/// trained with dev held out; the better half again with a fold of train held out, the better half
/// of those with another, and so on. Contestants are compared over all held-out rows so far.
struct SuccessiveHalving: Sendable {
    let trainings: HeadTrainings
    let key: RandomKey
    /// Largest number of parts that are held out, dev included.
    var rounds = 3

    /// - Parameter contestants: entries with an AdamW recipe that have not been tried yet.
    /// - Returns: the contestants in order, each with its trials, and the index of the best.
    /// - Throws: ``TrainingError/diverged(epoch:)`` when none could be trained.
    func run(_ contestants: [Entry], stageName: String) throws -> (entries: [Entry], best: Int) {
        var entries = contestants
        var alive = Array(entries.indices)
        for round in 0..<min(rounds, trainings.partCount) {
            let trained = try train(alive.map { entries[$0] }, part: round, stageName: stageName)
            for (index, head) in zip(alive, trained) { entries[index].add(head) }
            alive = alive.filter { entries[$0].isSound }
            guard !alive.isEmpty else { throw TrainingError.diverged(epoch: 1) }
            let ranked = Entry.ranking(alive.map { entries[$0] })
            let kept = round == 0 && alive.count <= 2 ? alive.count : (alive.count + 1) / 2
            alive = ranked.prefix(kept).map { alive[$0] }
            if alive.count == 1 { break }
        }
        return (entries, alive[0])
    }

    /// Trains contestants with a part held out.
    func train(
        _ contestants: [Entry], part: Int, stageName: String
    ) throws -> [TrainedHead?] {
        let jobs = contestants.map { entry in
            guard case .adamW(let configuration) = entry.recipe else {
                preconditionFailure("only heads trained by AdamW are tried part by part")
            }
            return TrainingJob(
                genotype: entry.genotype, configuration: configuration, part: part)
        }
        return try trainings.train(jobs, key, stageName: stageName)
    }
}
