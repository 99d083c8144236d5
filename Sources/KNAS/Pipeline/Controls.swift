import Heads
import Metrics
import Support
import Training

/// Heads that the winner is compared with, trained with the finalists' budget.
struct Controls: Sendable {
    /// Mean pooling, the pair's four features, one hidden layer: what most people start with.
    let mlp: Genotype
    /// As many heads as there are finalists, drawn at random.
    let random: [Genotype]

    var genotypes: [Genotype] { [mlp] + random }

    init(space: SearchSpace, keep: Int, key: RandomKey) throws {
        let pair = space.context.segments == 2 ? " > pair(kind=all)" : ""
        mlp = try space.genotype(
            "projection(width=full) > pool-mean\(pair) > classifier(norm=standard,hidden=128)")
        var seen: Set<Genotype> = []
        var random: [Genotype] = []
        var generator = key.child("random control").generator()
        var attempts = 0
        while random.count < keep, attempts < 100 * keep {
            attempts += 1
            let genotype = space.sample(using: &generator)
            if seen.insert(genotype).inserted { random.append(genotype) }
        }
        self.random = random
    }
}

/// The finalist that did best on dev.
struct Winner: Sendable {
    let genotype: Genotype
    let devAccuracy: Double
    /// Dev accuracy of every trained finalist.
    let accuracies: [Genotype: Double]

    /// Accuracy decides, cross entropy breaks ties, then the better score.
    /// - Throws: ``TrainingError/diverged(epoch:)`` when no finalist could be trained.
    init(finalists: [TrainedGenotype]) throws {
        guard let best = Self.best(finalists), let head = best.head else {
            throw TrainingError.diverged(epoch: 1)
        }
        genotype = best.genotype
        devAccuracy = ClassificationMetrics(head.dev).accuracy
        var accuracies: [Genotype: Double] = [:]
        for finalist in finalists {
            accuracies[finalist.genotype] = finalist.head.map {
                ClassificationMetrics($0.dev).accuracy
            }
        }
        self.accuracies = accuracies
    }

    /// The best of trained heads on dev; the first of equals.
    static func best(_ heads: [TrainedGenotype]) -> TrainedGenotype? {
        let trained = heads.filter { $0.head != nil }
        return bestIndex(trained.compactMap(\.head)).map { trained[$0] }
    }

    /// The seed whose head is exported.
    static func bestSeed(_ seeds: [TrainedHead]) -> Int { bestIndex(seeds) ?? 0 }

    private static func bestIndex(_ heads: [TrainedHead]) -> Int? {
        let metrics = heads.map { ClassificationMetrics($0.dev) }
        return metrics.indices.max { a, b in
            (metrics[a].accuracy, -metrics[a].crossEntropy, -a)
                < (metrics[b].accuracy, -metrics[b].crossEntropy, -b)
        }
    }
}
