import Heads
import Metrics
import Support
import Training

/// Heads that the winner is compared with.
struct Controls: Sendable {
    /// Mean pooling, the pair's four features, one hidden layer: what most people start with.
    let mlp: Genotype
    /// As many heads as there are finalists, drawn at random under the same constraints.
    let random: [Genotype]

    init(space: SearchSpace, keep: Int, limits: HeadLimits, key: RandomKey) throws {
        mlp = try space.genotype(
            "projection(width=full) > \(space.pooledMeans) > classifier(norm=standard,hidden=128)")
        var seen: Set<Genotype> = []
        var random: [Genotype] = []
        var generator = key.child("random control").generator()
        var attempts = 0
        while random.count < keep, attempts < 100 * keep {
            attempts += 1
            let genotype = space.sample(using: &generator)
            guard limits.allow(space.graph(of: genotype)) else { continue }
            if seen.insert(genotype).inserted { random.append(genotype) }
        }
        self.random = random
    }
}

extension SearchSpace {
    /// The means of a text's or of a pair's segments, as genotypes write it: what simple heads read.
    var pooledMeans: String {
        context.segments == 2 ? "pool-mean > pair(kind=all)" : "pool-mean"
    }
}

/// Choices among trainings of one head.
enum Winner {
    /// The seed whose head is exported: accuracy on dev decides, cross entropy breaks ties; the first
    /// of equals.
    static func bestSeed(_ seeds: [TrainedHead]) -> Int {
        let metrics = seeds.map { ClassificationMetrics($0.dev) }
        return metrics.indices.max { a, b in
            (metrics[a].accuracy, -metrics[a].crossEntropy, -a)
                < (metrics[b].accuracy, -metrics[b].crossEntropy, -b)
        } ?? 0
    }
}
