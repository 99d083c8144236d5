import Metrics
import Scoring
import Support

/// How well proxies predict trained accuracy.
public struct CorrelationResult: Sendable, Codable {
    /// One proxy, or a vote of several.
    public struct Entry: Sendable, Codable {
        /// The proxy's name, or the vote's expression.
        public let name: String
        /// Whether searches rank by it by default.
        public let `default`: Bool
        /// Spearman's rho with accuracy; `nil` where the proxy does not vary.
        public let spearman: Double?
        /// Kendall's tau-b with accuracy.
        public let kendall: Double?
        /// The 95 % bootstrap interval of rho, over heads.
        public let interval: [Double]?
        /// Spearman's rho with the training loss of the last epoch; good proxies are below zero.
        public let spearmanTrainingLoss: Double?
        /// Accuracy of the best head in the top tenth by the proxy.
        public let bestInTopTenth: Double?
    }

    /// What may decide which heads do well on a task.
    public struct Data: Sendable, Codable {
        /// Rows that each training sees.
        public let trainingRows: Int
        /// Rows that accuracy is measured on, all folds together.
        public let heldOutRows: Int
        /// Number of classes.
        public let classes: Int
        /// One for each view.
        public let views: [View]
    }

    /// What heads read.
    public struct View: Sendable, Codable {
        /// `nil` where there is only one.
        public let name: String?
        /// 2 where the texts of a pair are encoded separately, else 1.
        public let segments: Int
        /// Mean number of tokens of a training example, both texts of a pair together.
        public let meanTokens: Double
        /// Number of the encoder's layers.
        public let encoderLayers: Int
    }

    /// Name of the task.
    public var task: String
    /// Name of the encoder; names separated by commas where there are several.
    public var encoder: String
    /// Sizes of the task and the encoder.
    public var data: Data
    /// The seed of everything random.
    public var seed: UInt64
    /// Version of the program.
    public var version: String
    /// Heads that could be trained and scored.
    public var heads: Int
    /// Heads that could not be trained or scored.
    public var failed: Int
    /// Folds of the cross-validation; 1 for dev.
    public var folds: Int
    /// Trainings of each head.
    public var repeats: Int
    /// Epochs of each training.
    public var epochs: Int
    /// Smallest, mean and largest accuracy of the heads.
    public var accuracies: [Double]
    /// Spearman's rho between two trainings of the same heads: about the most that a perfect proxy
    /// could reach.
    public var ceiling: Double?
    /// The 95 % bootstrap interval of the ceiling, over heads.
    public var ceilingInterval: [Double]?
    /// Best first.
    public var proxies: [Entry]
    /// What each stage took, in seconds.
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
