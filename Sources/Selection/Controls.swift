import Features
import Heads
import Support
import Training

/// Trained heads that the search has to beat. A new control is a ``Role`` and a line in ``run()``.
struct Controls: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    /// What random heads may cost in each view, the same as for the search.
    let limits: [HeadLimits]
    /// Whether there was a search to compare random heads with.
    let followsSearch: Bool
    /// In every view.
    let test: [FeatureSet]
    let key: RandomKey

    /// Every control, and what was tried for it.
    func run() throws -> [Entry] {
        // Mean pooling, a pair's four features, one hidden layer: what most people start with.
        try trained(.mlp, "classifier(norm=standard,hidden=128)")
            + (followsSearch ? random() : [])
    }

    /// A head on mean-pooled features, trained with every seed; nothing where every training diverges.
    /// Of several views, the one that is best on dev with the first seed.
    private func trained(_ role: Role, _ classifier: String) throws -> [Entry] {
        let spaces = trainings.spaces
        let heads = try spaces.spaces.map { space in
            try space.genotype("projection(width=full) > \(space.pooledMeans) > \(classifier)")
        }
        let key = key.child(role.rawValue)
        let stageName = "control: \(role.rawValue)"
        do {
            var genotype = heads[0]
            if heads.count > 1 {
                let firsts = try trainings.train(
                    heads.map {
                        TrainingJob(genotype: $0, configuration: configuration.training)
                    }, key, stageName: stageName)
                let entries = zip(heads, firsts).map { head, first in
                    Entry(
                        role, head, .adamW(configuration.training),
                        by: configuration.training.criterion, trials: [first])
                }
                genotype = heads[Entry.ranking(entries)[0]]
            }
            let seeds = try trainings.trainSeeds(
                genotype, configuration.training, count: configuration.seeds, key,
                stageName: stageName)
            let entry = Entry(
                role, genotype, .adamW(configuration.training),
                by: configuration.training.criterion, trials: [seeds[0]])
            return [
                entry.trained(
                    role, seeds: seeds, Entry.Reading(genotype, in: spaces, test: test))
            ]
        } catch TrainingError.diverged {
            return []
        }
    }

    /// As many heads as there are finalists, drawn at random under the same limits and developed in
    /// the same way: the search without its scores.
    private func random() throws -> [Entry] {
        let spaces = trainings.spaces
        var seen: Set<Genotype> = []
        var genotypes: [Genotype] = []
        var generator = key.child("random control").generator()
        var attempts = 0
        while genotypes.count < configuration.keep, attempts < 100 * configuration.keep {
            attempts += 1
            let genotype = spaces.sample(using: &generator)
            guard spaces.allow(genotype, limits: limits) else { continue }
            if seen.insert(genotype).inserted { genotypes.append(genotype) }
        }
        let (best, tried) = try HeadDevelopment(
            trainings: trainings, configuration: configuration, key: key.child("random")
        ).run(
            genotypes, contestants: .randomFinalist, best: .random, test: test,
            name: "control: random")
        return [best] + tried.filter { $0.role == .randomFinalist }
    }
}

extension SearchSpace {
    /// Mean pooling of a text, or of a pair's two texts, as part of a genotype: what simple heads
    /// read.
    var pooledMeans: String {
        context.segments == 2 ? "pool-mean > pair(kind=all)" : "pool-mean"
    }
}
