import Metrics
import Training

/// `result.json`: what a run found, for machines.
public struct RunResult: Sendable, Codable {
    /// The coarse step.
    public struct SearchSummary: Sendable, Codable {
        public var candidates: Int
        public var scored: Int
        public var failed: Int
        public var proxy: String
        public var strategy: String
        public var spaceSize: Double
        public var scoringSeconds: Double
    }

    /// A head that was trained after scoring.
    public struct Finalist: Sendable, Codable {
        public var genotype: String
        public var parameters: Int
        public var scores: [String: Double]
        /// On dev, after the first, short training.
        public var dev: ClassificationMetrics
        /// Accuracy over all held-out rows that it was tried on, dev and folds of train, and how many
        /// parts those were: heads that do well are tried on more.
        public var heldOutAccuracy: Double
        public var parts: Int
        public var history: [EpochRecord]
    }

    /// A trained head that no other beats in accuracy with as few weights.
    public struct ParetoPoint: Sendable, Codable, Hashable {
        public var genotype: String
        public var parameters: Int
        /// Over the held-out rows that it was tried on.
        public var heldOutAccuracy: Double
    }

    /// A way to train the winner that was tried.
    public struct Tuning: Sendable, Codable {
        public var configuration: TrainingConfiguration
        public var heldOutAccuracy: Double?
        public var parts: Int
    }

    /// One training of the winner.
    public struct SeedResult: Sendable, Codable {
        public var seed: Int
        public var bestEpoch: Int
        public var dev: ClassificationMetrics
        public var test: ClassificationMetrics
        public var history: [EpochRecord]
    }

    /// The head that did best on dev; metrics are means over the seeds.
    public struct Winner: Sendable, Codable {
        public var genotype: String
        public var parameters: Int
        public var dev: ClassificationMetrics
        public var test: ClassificationMetrics
        public var perSeed: [SeedResult]
        /// How it was trained.
        public var training: TrainingConfiguration
        public var tuning: [Tuning]
        /// The mean of the seeds' probabilities, on test.
        public var ensemble: ClassificationMetrics?
        /// Rows: classes as they are; columns: as the exported model says; on test.
        public var confusion: [[Int]]
    }

    /// A control.
    public struct Baseline: Sendable, Codable {
        /// The head, or how the control was chosen.
        public var description: String
        public var dev: ClassificationMetrics
        public var test: ClassificationMetrics
        /// The winner's test accuracy minus the control's, both means over their seeds, with a 95%
        /// bootstrap interval over the test rows and McNemar's p.
        public var winnerMinusThis: PairedComparison?
    }

    /// What the run took.
    public struct Cost: Sendable, Codable {
        public var wallSeconds: Double
        public var cpuSeconds: Double
        public var peakMemoryBytes: Int
        public var stages: [String: Double]
    }

    public var task: String
    public var encoder: String
    public var encoderDigest: String
    public var layers: [Int]
    public var pairing: String
    public var seed: UInt64
    public var version: String
    /// The matrix-product kernels, which decide the last bits of all numbers.
    public var kernels: String
    public var labels: [String]
    public var rows: [String: Int]
    public var search: SearchSummary
    public var finalists: [Finalist]
    public var winner: Winner
    /// From the smallest to the most accurate, of all heads that were trained.
    public var pareto: [ParetoPoint]
    public var baselines: [String: Baseline]
    /// Where encoder layers were trained too.
    public var finetuned: FineTuned?
    public var cost: Cost
}

/// The version of this program.
public enum Version {
    public static let current = "0.1.0"
}

extension RunResult {
    /// The layers that heads could read, for people.
    var layerNames: String { layers.map(String.init).joined(separator: ", ") }
}
