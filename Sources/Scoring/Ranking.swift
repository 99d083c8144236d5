import Metrics

extension ProxyExpression {
    /// One number per head, higher is better, comparable only within the list: the proxy's mean, or
    /// for a vote the sum over proxies of the rank in the list (ties share their mean rank).
    public func combine(_ scores: [Score]) -> [Double] {
        func means(_ name: String) -> [Double] {
            scores.map { $0.values[name]?.mean ?? -.infinity }
        }
        if names.count == 1 { return means(names[0]) }
        var totals = [Double](repeating: 0, count: scores.count)
        for name in names {
            for (index, rank) in RankStatistics.ranks(means(name)).enumerated() {
                totals[index] += rank
            }
        }
        return totals
    }
}
