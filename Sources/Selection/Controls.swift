import Features
import Heads
import Support
import Training

/// Trained heads that the search has to beat. A new control is a ``Role`` and a line in ``run()``.
struct Controls: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    /// What random heads may cost, the same as for the search.
    let limits: HeadLimits
    /// Whether there was a search to compare random heads with.
    let followsSearch: Bool
    let test: FeatureSet
    let key: RandomKey

    /// Every control, and what was tried for it.
    func run() throws -> [Entry] {
        // Mean pooling, a pair's four features, one hidden layer: what most people start with.
        try trained(.mlp, "classifier(norm=standard,hidden=128)")
            + (followsSearch ? random() : [])
    }

    /// A head on mean-pooled features, trained with every seed; nothing where every training diverges.
    private func trained(_ role: Role, _ classifier: String) throws -> [Entry] {
        let space = trainings.space
        let genotype = try space.genotype(
            "projection(width=full) > \(space.pooledMeans) > \(classifier)")
        do {
            let seeds = try trainings.trainSeeds(
                genotype, configuration.training, count: configuration.seeds,
                key.child(role.rawValue), stageName: "control: \(role.rawValue)")
            let entry = Entry(
                role, genotype, .adamW(configuration.training),
                by: configuration.training.criterion, trials: [seeds[0]])
            return [
                entry.trained(
                    role, seeds: seeds, Entry.Reading(genotype, in: space, test: test))
            ]
        } catch TrainingError.diverged {
            return []
        }
    }

    /// As many heads as there are finalists, drawn at random under the same limits and developed in
    /// the same way: the search without its scores.
    private func random() throws -> [Entry] {
        let space = trainings.space
        var seen: Set<Genotype> = []
        var genotypes: [Genotype] = []
        var generator = key.child("random control").generator()
        var attempts = 0
        while genotypes.count < configuration.keep, attempts < 100 * configuration.keep {
            attempts += 1
            let genotype = space.sample(using: &generator)
            guard limits.allow(space.graph(of: genotype)) else { continue }
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
    public var pooledMeans: String {
        context.segments == 2 ? "pool-mean > pair(kind=all)" : "pool-mean"
    }
}
