import Foundation
import Metrics
import Search
import Selection
import Support
import Training

/// `result.json`: what a run found, for machines. `docs/result.schema.json` describes the file.
public struct RunResult: Sendable, Codable {
    /// The version of the file's layout.
    public static let format = 2

    /// What heads could read: an encoder, a pairing, and layers. A search may have several.
    public struct EncoderUse: Sendable, Codable {
        /// Name or path.
        public var name: String
        /// The encoder's digest.
        public var digest: String
        /// `joint` or `siamese`.
        public var pairing: String
        /// The hidden states that heads could read; 0 is the embeddings' output.
        public var layers: [Int]
    }

    /// The coarse step.
    public struct SearchSummary: Sendable, Codable {
        /// Heads that were proposed.
        public var candidates: Int
        /// Those that got a score.
        public var scored: Int
        /// Those that did not, e.g. because a value was not finite.
        public var failed: Int
        /// What heads were ranked by.
        public var proxy: String
        /// How they were proposed.
        public var strategy: String
        /// Number of different heads in the search space.
        public var spaceSize: Double
        /// What scoring took, in seconds.
        public var scoringSeconds: Double
    }

    /// One training on all of train.
    public struct SeedResult: Sendable, Codable {
        /// Number of the training, from 0.
        public var seed: Int
        /// The epoch whose weights these are, from 1.
        public var bestEpoch: Int
        /// The head's metrics on dev.
        public var dev: ClassificationMetrics
        /// The head's metrics on test.
        public var test: ClassificationMetrics
        /// The metrics of each epoch.
        public var history: [EpochRecord]
    }

    /// A head that was trained.
    public struct Entry: Sendable, Codable {
        /// Why it was trained.
        public var role: Role
        /// The head in text form.
        public var genotype: String
        /// Name or path of the encoder that it reads.
        public var encoder: String
        /// How it was trained.
        public var recipe: Recipe
        /// Trained weights, those of encoder layers included.
        public var parameters: Int
        /// Each proxy's mean over the random starts; empty for heads that were not scored.
        public var scores: [String: Double]
        /// Metrics of the first training on dev; `nil` where it diverged.
        public var dev: ClassificationMetrics?
        /// Metrics over all rows that were held out while it was tried, of dev and folds of train;
        /// `nil` where a training diverged.
        public var heldOut: ClassificationMetrics?
        /// Number of parts of the data that it was tried on; heads that do well are tried on more.
        public var parts: Int
        /// The epochs of the first training.
        public var history: [EpochRecord]
    }

    /// A head of the exported model.
    public struct Member: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// Name or path of its encoder.
        public var encoder: String
        /// `joint` or `siamese`.
        public var pairing: String
        /// The hidden states that it reads.
        public var layers: [Int]
        /// Its share of the model's probabilities.
        public var weight: Double
        /// Number of trainings whose probabilities are averaged.
        public var seeds: Int
    }

    /// The exported model. Metrics are means over the seeds; where the model averages its seeds'
    /// probabilities, they are those of the average, as are those of controls with several seeds.
    public struct Exported: Sendable, Codable {
        /// The role of the head that it was made from.
        public var role: Role
        /// Its heads.
        public var members: [Member]
        /// How it was trained.
        public var recipe: Recipe
        /// The encoder layers that were trained, the lowest and the highest; `nil` where none were.
        public var trainedLayers: [Int]?
        /// Trained weights of one seed, those of encoder layers included.
        public var parameters: Int
        /// On dev.
        public var dev: ClassificationMetrics
        /// Over all rows that were held out while it was tried; `nil` where it was tried on dev alone.
        public var heldOut: ClassificationMetrics?
        /// On test.
        public var test: ClassificationMetrics
        /// The exported weights' own figures on test, which `knas evaluate` gives again; one seed's,
        /// unless the model averages its seeds.
        public var modelTest: ClassificationMetrics
        /// The mean of the seeds' probabilities, on test; `nil` for one seed.
        public var seedsTogether: ClassificationMetrics?
        /// Each training's metrics.
        public var perSeed: [SeedResult]
        /// Counts on test; rows are the true classes, columns those that the exported model
        /// predicts.
        public var confusion: [[Int]]
    }

    /// A trained head that the exported one is compared with on test.
    public struct Control: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// How it was trained.
        public var recipe: Recipe
        /// Metrics on dev, computed like the exported model's.
        public var dev: ClassificationMetrics
        /// Metrics over all rows that were held out while it was tried.
        public var heldOut: ClassificationMetrics?
        /// Metrics on test, computed like the exported model's.
        public var test: ClassificationMetrics
        /// The exported model's test accuracy minus the control's, both means over their seeds or
        /// both of averaged seeds, with a 95 % bootstrap interval over the test rows and McNemar's
        /// p.
        public var exportedMinusThis: PairedComparison
    }

    /// A trained head that is more accurate than all heads with as few weights or fewer.
    public struct ParetoPoint: Sendable, Codable, Hashable {
        /// The head in text form.
        public var genotype: String
        /// Its trained weights.
        public var parameters: Int
        /// Accuracy over the held-out rows that it was tried on, a fraction of 1.
        public var heldOutAccuracy: Double
    }

    /// ``format`` of the program that wrote it.
    public var format = Self.format
    /// Name of the task.
    public var task: String
    /// The seed of everything random.
    public var seed: UInt64
    /// Version of the program.
    public var version: String
    /// The matrix-product kernels, which decide the last bits of all numbers.
    public var kernels: String
    /// The encoders that heads could read, each once for every pairing.
    public var encoders: [EncoderUse]
    /// Names of the classes, by index.
    public var labels: [String]
    /// Rows of `train`, `dev` and `test`.
    public var rows: [String: Int]
    /// The task's metrics: heads were selected by the first, all are shown.
    public var metrics: [Metric]
    /// The coarse step.
    public var search: SearchSummary
    /// The exported model.
    public var exported: Exported
    /// The heads that it is compared with, by their role's raw value.
    public var controls: [String: Control]
    /// Every head that was trained, in the order of trainings.
    public var entries: [Entry]
    /// The Pareto front of finalists and random heads, from the smallest to the most accurate.
    public var pareto: [ParetoPoint]
    /// What the run took.
    public var cost: Cost
}

extension RunResult.Exported {
    /// Whether the model is one training of several that differ: then its figures are not their mean.
    public var isOneOfSeveral: Bool {
        perSeed.count > 1 && !recipe.isDeterministic && members.allSatisfy { $0.seeds == 1 }
    }
}

extension RunResult {
    /// Entries of a role, in order.
    public func entries(_ role: Role) -> [Entry] { entries.filter { $0.role == role } }

    /// Reads a `result.json`.
    /// - Throws: ``RunResultError``, `FileError`.
    public static func load(_ url: URL) throws -> RunResult {
        struct Header: Decodable { var format: Int? }
        let file = try MappedFile(url)
        let data = Data(file.bytes)
        do {
            let format = try JSONDecoder().decodeChecked(Header.self, from: data).format ?? 1
            guard format == Self.format else {
                throw RunResultError.otherFormat(path: url.path, found: format)
            }
            return try JSONDecoder().decodeChecked(RunResult.self, from: data)
        } catch let error as DecodingError {
            throw RunResultError.notAResult(path: url.path, reason: error.reason)
        }
    }
}

/// Errors of reading results.
public enum RunResultError: DiagnosedError, Equatable {
    /// Written by a version of the program with another layout.
    case otherFormat(path: String, found: Int)
    /// Not the result of a run.
    case notAResult(path: String, reason: String)

    /// Bad input.
    public var kind: ErrorKind { .badInput }

    /// The error for a user.
    public var description: String {
        switch self {
        case .otherFormat(let path, let found):
            "\(path) has format \(found), written by another version of knas; this one reads format "
                + "\(RunResult.format): run the search again with --overwrite"
        case .notAResult(let path, let reason): "\(path) is not the result of a run: \(reason)"
        }
    }
}
