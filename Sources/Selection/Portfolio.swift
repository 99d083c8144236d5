import Metrics

/// Heads that answer together: the weighted mean of their probabilities, with one temperature.
public struct Portfolio: Sendable {
    /// One of the heads.
    public struct Member: Sendable, Hashable {
        /// The index of its entry among those that were chosen from.
        public var entry: Int
        /// Its share of the probabilities.
        public var weight: Double

        /// - Parameters:
        ///   - entry: the index of its entry among those that were chosen from.
        ///   - weight: its share of the probabilities.
        public init(entry: Int, weight: Double) {
            self.entry = entry
            self.weight = weight
        }
    }

    /// How good so many members are together, on the held-out rows that they were chosen on: those that
    /// remain when others have left one by one.
    public struct Step: Sendable, Hashable, Codable {
        /// Number of members.
        public var members: Int
        /// Accuracy, a fraction of 1; `nil` where numbers are predicted.
        public var accuracy: Double?
        /// Cross entropy with the best temperature, in nats; of numbers ``ClassificationMetrics/loss``.
        public var crossEntropy: Double
    }

    /// From the largest weight to the smallest; the weights' sum is 1.
    public let members: [Member]
    /// What the logarithms of the mean probabilities are divided by.
    public let temperature: Double
    /// For each label from which probability on a row is said to have it; `nil` where rows have no labels.
    public let thresholds: [Float]?
    /// Predictions for held-out rows, each by members and a temperature that were found without it.
    public let heldOut: Predictions
    /// What every further member adds, and would add beyond those that remained.
    public let curve: [Step]

    /// The weighted mean of the members' probabilities, before the temperature.
    /// - Parameter predictions: of every entry that was chosen from, for the same rows.
    /// - Throws: `MetricsError` where the rows differ.
    static func mix(_ members: [Member], _ predictions: [Predictions]) throws -> Predictions {
        try Predictions(
            mixing: members.map { predictions[$0.entry] }, weights: members.map(\.weight))
    }
}
