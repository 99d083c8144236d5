/// How encoders compare on a task: `knas encoder rank --json`.
public struct EncoderRankingResult: Sendable, Encodable {
    /// An encoder, judged by the exact linear head on its best layer.
    public struct Entry: Sendable, Encodable {
        /// Its name or path.
        public var encoder: String
        /// Held-out accuracy; layer and penalty of each fold are the best of the other folds.
        public var accuracy: Double
        /// The 95 % bootstrap interval of the accuracy, over rows.
        public var interval: [Double]
        /// Cross entropy of the same answers, in nats.
        public var crossEntropy: Double
        /// How far the accuracy is behind that of the best encoder, on the same rows; 0 for the best.
        public var behind: Double
        /// The 95 % bootstrap interval of that difference; `nil` for the best.
        public var behindInterval: [Double]?
        /// The layer with the least held-out cross entropy; 0 is the embeddings' output.
        public var layer: Int
        /// LogME of that layer.
        public var logME: Double?
        /// Tokens that the encoder reads in a second, with the threads of the command.
        public var tokensPerSecond: Double
        /// Bytes of its files.
        public var bytes: Int
        /// Width of its hidden states.
        public var width: Int
        /// Number of its layers.
        public var layers: Int
        /// What was found on each hidden state, from the embeddings' output up.
        public var findings: [Layer]
        /// How well LogME ranks the encoder's layers.
        public var layerCorrelation: Correlation?
    }

    /// What can be read from a hidden state.
    public struct Layer: Sendable, Encodable {
        /// 0 is the embeddings' output.
        public var layer: Int
        /// Held-out accuracy of the exact linear head with its best penalty.
        public var accuracy: Double
        /// Held-out cross entropy, in nats.
        public var crossEntropy: Double
        /// LogME: the logarithm of the evidence, in nats for each row and class.
        public var logME: Double?
    }

    /// How well LogME's order agrees with that of held-out accuracy.
    public struct Correlation: Sendable, Encodable {
        /// Encoders, or hidden states, that were compared.
        public var count: Int
        /// Spearman's rho; `nil` where it is undefined.
        public var spearman: Double?
        /// Kendall's tau-b; `nil` where it is undefined.
        public var kendall: Double?
    }

    /// An encoder that could not be tried.
    public struct Failure: Sendable, Encodable {
        /// Its name.
        public var encoder: String
        /// Why.
        public var reason: String
    }

    /// The task's name.
    public var task: String
    /// Training rows that encoders were tried on.
    public var rows: Int
    /// Folds of the cross-validation.
    public var folds: Int
    /// Number of classes.
    public var classes: Int
    /// Share of the most frequent class: the accuracy of who reads nothing.
    public var majority: Double
    /// The seed of folds and intervals.
    public var seed: UInt64
    /// The most accurate first.
    public var encoders: [Entry]
    /// Installed encoders that could not be used.
    public var failed: [Failure]
    /// LogME against accuracy over encoders; `nil` below three.
    public var correlation: Correlation?
    /// LogME against accuracy over the hidden states of all encoders; `nil` below three.
    public var layerCorrelation: Correlation?
}
