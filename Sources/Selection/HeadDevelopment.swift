import Features
import Heads
import Support
import Training

/// From several heads to one trained head: successive halving, tuning, several seeds. The search's
/// finalists and the random control go through the same steps.
struct HeadDevelopment: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let key: RandomKey

    private var halving: SuccessiveHalving {
        SuccessiveHalving(trainings: trainings, key: key.child("finalists"))
    }

    private func contestant(_ genotype: Genotype, _ role: Role) -> Entry {
        Entry(
            role, genotype, .adamW(configuration.finalistTraining),
            by: configuration.training.criterion)
    }

    /// Trains one contestant with a part held out, as ``run(_:contestants:best:test:name:)`` does.
    func train(_ genotype: Genotype, part: Int, name: String) throws {
        _ = try halving.train([contestant(genotype, .finalist)], part: part, stageName: name)
    }

    /// - Parameters:
    ///   - contestants: the role of every head that is tried.
    ///   - best: the role of the best one.
    ///   - test: the test split's features in every view, for the evaluation later.
    ///   - name: what progress is reported under.
    /// - Returns: the best head, trained with every seed; and everything that was tried on the way,
    ///   the contestants in order, then the training configurations.
    /// - Throws: ``TrainingError/diverged(epoch:)`` when no head could be trained.
    func run(
        _ genotypes: [Genotype], contestants: Role, best role: Role, test: [FeatureSet],
        name: String
    ) throws -> (best: Entry, tried: [Entry]) {
        let (entries, place) = try halving.run(
            genotypes.map { contestant($0, contestants) }, stageName: name)
        let genotype = entries[place].genotype
        let tuning = try Tuning(trainings: trainings, key: key.child("tuning")).run(
            genotype, base: configuration.training, count: configuration.tuning)
        let chosen = tuning.entries[tuning.best]
        guard case .adamW(let training) = chosen.recipe else {
            preconditionFailure("tuning tries configurations of AdamW")
        }
        let seeds = try trainings.trainSeeds(
            genotype, training, count: configuration.seeds, key.child("winner"),
            stageName: "\(name), seeds")
        let best = chosen.trained(
            role, seeds: seeds, Entry.Reading(genotype, in: trainings.spaces, test: test))
        return (best, entries + tuning.entries.filter { !$0.trials.isEmpty })
    }
}
