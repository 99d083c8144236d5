import Heads
import Metrics

/// Ranks heads by what a bench of trained heads has taught: a weighted sum of the ranks of some
/// proxies, of what the layer gives to a linear head, and of traits of the head itself.
///
/// The weights are a ridge regression on accuracies, standardised within each task
/// (`Benchmarks/heads/rank.py`); `docs/proxies.md` says how well they do on tasks that they were not
/// fitted to.
public enum LearnedRanking {
    /// The feature that ``LayerStandings`` gives.
    private static let layer = "layer's linear loss"

    /// The proxies that it reads.
    public static let proxies: [String] = {
        let known = Set(ProxyRegistry.all.map(\.name))
        return weights.map(\.name).filter(known.contains)
    }()

    /// One number per head, higher is better, comparable only within the list.
    ///
    /// - Parameters:
    ///   - heads: candidates with their scores.
    ///   - layers: what linear heads on the layers give.
    public static func values(
        _ heads: [(genotype: Genotype, score: Score)], layers: LayerStandings
    ) -> [Double] {
        let traits = heads.map { HeadTraits.values($0.genotype) }
        var totals = [Double](repeating: 0, count: heads.count)
        for (name, weight) in weights {
            let column: [Double]
            if name == layer {
                column = heads.map { layers.standing(of: $0.genotype) }
            } else if proxies.contains(name) {
                // From -1/2 to 1/2, whatever the number of heads.
                column = RankStatistics.ranks(
                    heads.map { $0.score.values[name]?.mean ?? -.infinity }
                ).map { ($0 - 0.5) / Double(heads.count) - 0.5 }
            } else {
                column = traits.map { traits in
                    guard let value = traits[name] else {
                        preconditionFailure("no trait is called \(name)")
                    }
                    return value
                }
            }
            for (index, value) in column.enumerated() { totals[index] += weight * value }
        }
        return totals
    }
}
