import Metrics
import Scoring
import Support

/// How well proxies predict what training finds.
public struct CorrelationResult: Sendable, Codable {
    /// One proxy, or a vote of several.
    public struct Entry: Sendable, Codable {
        public let name: String
        /// Whether searches rank by it unless told otherwise.
        public let `default`: Bool
        /// Spearman's rho with accuracy; `nil` where the proxy does not vary.
        public let spearman: Double?
        /// Kendall's tau-b with accuracy.
        public let kendall: Double?
        /// Of rho: 95 % by bootstrap over heads.
        public let interval: [Double]?
        /// Spearman's rho with the training loss of the last epoch; good proxies are below zero.
        public let spearmanTrainingLoss: Double?
        /// Accuracy of the best head among the tenth that the proxy likes best.
        public let bestInTopTenth: Double?
    }

    public var task: String
    public var encoder: String
    public var seed: UInt64
    public var version: String
    /// Heads that could be trained and scored.
    public var heads: Int
    public var failed: Int
    public var folds: Int
    public var repeats: Int
    public var epochs: Int
    /// Of the heads' accuracies: least, mean, largest.
    public var accuracies: [Double]
    /// Spearman's rho between two trainings of the same heads, and its interval: what a perfect proxy
    /// would reach at most, about.
    public var ceiling: Double?
    public var ceilingInterval: [Double]?
    /// Best first.
    public var proxies: [Entry]
    public var seconds: [String: Double]

    static func entry(
        _ name: String, isDefault: Bool, values: [Double], accuracies: [Double],
        losses: [Double], key: RandomKey
    ) -> Entry {
        let top = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
            .prefix(max(1, (values.count + 9) / 10))
        let interval = RankStatistics.spearmanInterval(values, accuracies, key: key)
        return Entry(
            name: name, default: isDefault,
            spearman: RankStatistics.spearman(values, accuracies),
            kendall: RankStatistics.kendall(values, accuracies), interval: interval?.bounds,
            spearmanTrainingLoss: RankStatistics.spearman(values, losses),
            bestInTopTenth: top.map { accuracies[$0] }.max())
    }
}
