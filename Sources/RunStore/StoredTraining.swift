/// Which of a run's trainings.
public struct TrainingKey: Sendable, Hashable {
    /// The stage, e.g. `finalists`, with whatever else tells its trainings apart.
    public let stage: String
    /// The seed's number, or the place in the stage, from 0.
    public let index: Int
    /// The head's text.
    public let genotype: String

    public init(stage: String, index: Int, genotype: String) {
        self.stage = stage
        self.index = index
        self.genotype = genotype
    }
}

/// What an epoch gave.
public struct StoredEpoch: Sendable, Hashable {
    /// From 1.
    public let epoch: Int
    public let trainingLoss: Double
    public let devAccuracy: Double
    public let devCrossEntropy: Double

    public init(epoch: Int, trainingLoss: Double, devAccuracy: Double, devCrossEntropy: Double) {
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.devAccuracy = devAccuracy
        self.devCrossEntropy = devCrossEntropy
    }
}

/// What a finished training gave, bit for bit.
public struct StoredTraining: Sendable, Hashable {
    /// The weights of the best epoch and what they say on dev.
    public struct Result: Sendable, Hashable {
        /// From 1.
        public let bestEpoch: Int
        /// All parameters in the graph's order.
        public let weights: [Float]
        /// True class of every dev example.
        public let labels: [Int]
        /// `[examples, classes]`, row by row.
        public let probabilities: [Float]
        public let classes: Int

        public init(
            bestEpoch: Int, weights: [Float], labels: [Int], probabilities: [Float], classes: Int
        ) {
            self.bestEpoch = bestEpoch
            self.weights = weights
            self.labels = labels
            self.probabilities = probabilities
            self.classes = classes
        }
    }

    /// How it ended.
    public enum Outcome: Sendable, Hashable {
        case trained(Result)
        /// The loss was not finite any more in this epoch.
        case diverged(epoch: Int)
    }

    /// The epochs in order.
    public let history: [StoredEpoch]
    public let outcome: Outcome

    public init(history: [StoredEpoch], outcome: Outcome) {
        self.history = history
        self.outcome = outcome
    }
}
