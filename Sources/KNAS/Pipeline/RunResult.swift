import Metrics
import Training

/// `result.json`: what a run found, for machines.
public struct RunResult: Sendable, Codable {
    /// The coarse step.
    public struct SearchSummary: Sendable, Codable {
        /// Heads that were proposed.
        public var candidates: Int
        /// Those that got a score.
        public var scored: Int
        /// Those that did not, e.g. for a value that is not finite.
        public var failed: Int
        /// What heads were ranked by.
        public var proxy: String
        /// How they were proposed.
        public var strategy: String
        /// Heads in the search space, no head counted twice.
        public var spaceSize: Double
        /// What scoring took, in seconds.
        public var scoringSeconds: Double
    }

    /// A head that was trained after scoring.
    public struct Finalist: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// Its trained weights.
        public var parameters: Int
        /// Each proxy's mean over the random starts.
        public var scores: [String: Double]
        /// On dev, after the first, short training.
        public var dev: ClassificationMetrics
        /// Accuracy over all held-out rows that it was tried on, dev and folds of train.
        public var heldOutAccuracy: Double
        /// Parts of the data that it was tried on; heads that do well are tried on more.
        public var parts: Int
        /// What each epoch of the first training gave.
        public var history: [EpochRecord]
    }

    /// A trained head that no other beats in accuracy with as few weights.
    public struct ParetoPoint: Sendable, Codable, Hashable {
        /// The head in text form.
        public var genotype: String
        /// Its trained weights.
        public var parameters: Int
        /// Over the held-out rows that it was tried on.
        public var heldOutAccuracy: Double
    }

    /// A way to train the winner that was tried.
    public struct Tuning: Sendable, Codable {
        /// Learning rate, epochs and the rest.
        public var configuration: TrainingConfiguration
        /// Accuracy over the held-out rows that it was tried on; `nil` where training diverged.
        public var heldOutAccuracy: Double?
        /// Parts of the data that it was tried on.
        public var parts: Int
    }

    /// One training of the winner.
    public struct SeedResult: Sendable, Codable {
        /// Number of the training, from 0.
        public var seed: Int
        /// The epoch whose weights these are, from 1.
        public var bestEpoch: Int
        /// The head's figures on dev.
        public var dev: ClassificationMetrics
        /// The head's figures on test.
        public var test: ClassificationMetrics
        /// What each epoch gave.
        public var history: [EpochRecord]
    }

    /// The head that did best on dev. Metrics are means over the seeds; where the model averages the
    /// seeds (`members`), they are that model's, and so are those of the controls with several seeds.
    public struct Winner: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// Trained weights of one head.
        public var parameters: Int
        /// On dev.
        public var dev: ClassificationMetrics
        /// On test.
        public var test: ClassificationMetrics
        /// Each training's figures.
        public var perSeed: [SeedResult]
        /// How it was trained.
        public var training: TrainingConfiguration
        /// Ways to train it that were tried; empty where none were.
        public var tuning: [Tuning]
        /// The mean of the seeds' probabilities, on test.
        public var ensemble: ClassificationMetrics?
        /// Heads in the exported model, where seeds are averaged; 1 where all seeds give the same.
        public var members: Int?
        /// Rows: classes as they are; columns: as the exported model says; on test.
        public var confusion: [[Int]]
    }

    /// A control.
    public struct Baseline: Sendable, Codable {
        /// The head, or how the control was chosen.
        public var description: String
        /// On dev.
        public var dev: ClassificationMetrics
        /// On test.
        public var test: ClassificationMetrics
        /// The winner's test accuracy minus the control's, both means over their seeds or both of the
        /// averaged seeds, with a 95% bootstrap interval over the test rows and McNemar's p.
        public var winnerMinusThis: PairedComparison?
    }

    /// What the run took.
    public struct Cost: Sendable, Codable {
        /// Seconds from start to end, those of resumed parts together.
        public var wallSeconds: Double
        /// Seconds of all threads.
        public var cpuSeconds: Double
        /// Largest resident size in bytes, mapped files included.
        public var peakMemoryBytes: Int
        /// Seconds of each stage.
        public var stages: [String: Double]
    }

    /// Name of the task.
    public var task: String
    /// Name or path of the encoder.
    public var encoder: String
    /// The encoder's digest.
    public var encoderDigest: String
    /// The hidden states that heads could read; 0 is the embeddings' output.
    public var layers: [Int]
    /// `joint` or `siamese`.
    public var pairing: String
    /// The seed of everything random.
    public var seed: UInt64
    /// Version of the program.
    public var version: String
    /// The matrix-product kernels, which decide the last bits of all numbers.
    public var kernels: String
    /// Names of the classes, by index.
    public var labels: [String]
    /// Rows of `train`, `dev` and `test`.
    public var rows: [String: Int]
    /// The coarse step.
    public var search: SearchSummary
    /// The heads that were trained, best score first.
    public var finalists: [Finalist]
    /// The head that won.
    public var winner: Winner
    /// From the smallest to the most accurate, of all heads that were trained.
    public var pareto: [ParetoPoint]
    /// The controls by name: `linear`, `mlp`, `random`, and `logistic` or `searched`.
    public var baselines: [String: Baseline]
    /// Where encoder layers were trained too.
    public var finetuned: FineTuned?
    /// What the run took.
    public var cost: Cost
}

/// The version of this program.
public enum Version {
    /// As `knas --version` says it.
    public static let current = "0.1.0"
}

extension RunResult {
    /// The layers that heads could read, for people.
    var layerNames: String { layers.map(String.init).joined(separator: ", ") }
}
