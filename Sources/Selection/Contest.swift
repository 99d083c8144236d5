import Features
import Heads
import Metrics
import Support
import Tasks
import Training

/// The ground on which heads compete: how they are trained, and which parts of the data are held out
/// from them. Everything that may become a member of the portfolio goes through it, the search's
/// heads and those of controls alike, and has predictions for the same held-out rows.
struct Contest: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    /// The test split's features in every view, for the evaluation later.
    let test: [FeatureSet]
    /// Decides the trainings.
    let key: RandomKey

    /// Trainings that a member's answer averages at least, where it is not fitted exactly.
    static let fewestReplicas = 3

    var criterion: SelectionCriterion { configuration.training.criterion }

    /// Whether there are few rows; `nil` where there are enough.
    var fewRows: FewRows? { trainings.views[0].fewRows }

    /// Number of parts of the data that every contestant is tried on, dev first.
    var parts: Int { trainings.partCount(holdingOut: configuration.heldOutRows) }

    /// Rows that a contestant is trained on, over all its trials and epochs.
    var rowsOfTrials: Int {
        configuration.training.epochs
            * (0..<parts).reduce(0) { $0 + trainings.views[0][$1].train.count }
    }

    /// A head to try, by this project's training or another.
    func entry(
        _ role: Role, _ genotype: Genotype, _ training: TrainingConfiguration? = nil
    ) -> Entry {
        entry(role, genotype, .adamW(training ?? configuration.training))
    }

    /// A head with any recipe.
    func entry(_ role: Role, _ genotype: Genotype, _ recipe: Recipe) -> Entry {
        Entry(
            role, genotype, recipe, by: criterion,
            Entry.Reading(genotype, in: trainings.spaces, test: test),
            parameters: trainings.spaces.graph(of: genotype).trainableCount)
    }

    /// Trains entries with each of the parts held out; their trials so far are replaced.
    func tried(_ entries: [Entry], stageName: String) throws -> [Entry] {
        let parts = parts
        let heads = try trainings.train(
            jobs(entries, parts: parts), key, stageName: stageName)
        return entries.enumerated().map { place, entry in
            var result = self.entry(entry.role, entry.genotype, entry.recipe)
            for part in 0..<parts { result.add(heads[place * parts + part]) }
            return result
        }
    }

    /// Entries as members of a portfolio: the heads of their trials answer together with others, which are
    /// trained side by side. The first of these sees train alone, as the first trial did, so that the two say
    /// what averaging trainings changes (``AveragingChange``); any others see all rows but those of test. Heads
    /// that are fitted exactly are fitted to those rows (``LinearHeads/refitted(_:)``).
    /// - Returns: the members, each with what its first further head says of dev; `nil` where a run had to end, or
    ///   a training diverged.
    /// - Precondition: all were trained by AdamW.
    func members(
        _ entries: [Entry], stageName: String
    ) throws -> [(entry: Entry, secondDev: Predictions?)] {
        let jobs = entries.map { entry in
            (0..<replicas(of: entry) - entry.replicas.count).map {
                $0 == 0
                    ? job(entry, part: 0, seed: 1)
                    : job(entry, part: trainings.everything, seed: $0)
            }
        }
        var left = try trainings.train(jobs.flatMap { $0 }, key, stageName: stageName)[...]
        return zip(entries, jobs).map { entry, own in
            let further = left.prefix(own.count)
            left = left.dropFirst(own.count)
            return (
                entry.answering(entry.replicas + further.compactMap { $0 }), further.first??.dev
            )
        }
    }

    /// How many heads answer where an entry is a member.
    func replicas(of entry: Entry) -> Int {
        entry.recipe.isDeterministic
            ? 1
            : max(Self.fewestReplicas, entry.replicas.count + configuration.seedsOfMembers)
    }

    /// An entry as a model by itself, trained on all of train with every seed: the best seed on dev
    /// answers, or all together. Heads that are fitted exactly are fitted to all rows instead.
    /// - Parameter together: whether all seeds answer.
    func alone(_ entry: Entry, together: Bool, stageName: String) throws -> Entry {
        guard let first = entry.replicas.first else { return entry }
        let further = try trainings.train(
            (1..<configuration.seedsOfOne).map { job(entry, part: 0, seed: $0) }, key,
            stageName: stageName)
        let seeds = [first] + further.compactMap { $0 }
        let all = entry.answering(seeds)
        return together ? all : all.answeringBest()
    }

    /// An entry's trainings with each of the first parts held out, then the next entry's.
    func jobs(_ entries: [Entry], parts: Int) -> [TrainingJob] {
        entries.flatMap { entry in (0..<parts).map { job(entry, part: $0) } }
    }

    func job(_ entry: Entry, part: Int, seed: Int = 0) -> TrainingJob {
        guard case .adamW(let training) = entry.recipe else {
            preconditionFailure("only heads trained by AdamW are trained here")
        }
        return TrainingJob(
            genotype: entry.genotype, configuration: training, part: part, seed: seed)
    }
}
