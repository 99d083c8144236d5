import Heads
import Metrics

extension ProxyExpression {
    /// One number per head, higher is better, comparable only within the list: the proxy's mean, for a
    /// vote the sum over proxies of the rank in the list (ties share their mean rank), or the learned
    /// ranking's value.
    ///
    /// - Parameters:
    ///   - heads: candidates with their scores.
    ///   - layers: what is known of the layers; only the learned ranking asks.
    public func combine(
        _ heads: [(genotype: Genotype, score: Score)], layers: LayerStandings = .unknown
    ) -> [Double] {
        func means(_ name: String) -> [Double] {
            heads.map { $0.score.values[name]?.mean ?? -.infinity }
        }
        switch kind {
        case .single: return means(names[0])
        case .learned: return LearnedRanking.values(heads, layers: layers)
        case .vote:
            var totals = [Double](repeating: 0, count: heads.count)
            for name in names {
                for (index, rank) in RankStatistics.ranks(means(name)).enumerated() {
                    totals[index] += rank
                }
            }
            return totals
        }
    }
}
