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
        /// Rounds of a funnel after which it left; 0 for a head that was tried to the end.
        public var rounds: Int
        /// The epochs of the first training.
        public var history: [EpochRecord]
    }

    /// A head of a model.
    public struct Member: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// Why it was trained.
        public var role: Role
        /// Name or path of its encoder.
        public var encoder: String
        /// `joint` or `siamese`.
        public var pairing: String
        /// The hidden states that it reads.
        public var layers: [Int]
        /// How it was trained.
        public var recipe: Recipe
        /// Its share of the model's probabilities.
        public var weight: Double
        /// Number of trainings whose probabilities are averaged.
        public var seeds: Int
        /// Number of trainings that those were chosen from by dev; as many as ``seeds`` where all answer.
        public var chosenFrom: Int
        /// Number of trainings whose weights the only one is the mean of; absent where it is one of them.
        public var averaged: Int?
        /// Trained weights of one of them, those of encoder layers included.
        public var parameters: Int
        /// Its own metrics over all held-out rows; `nil` where a training diverged.
        public var heldOut: ClassificationMetrics?
        /// Its own metrics on test, its trainings together, without a temperature.
        public var test: ClassificationMetrics
        /// What the model's held-out cross entropy would rise by without it, in nats; `nil` for a single
        /// head.
        public var adds: Double?
    }

    /// A model: heads that answer together.
    public struct Model: Sendable, Codable {
        /// What it is.
        public var role: Role
        /// Its heads, from the largest weight to the smallest.
        public var members: [Member]
        /// What the logarithms of the mean probabilities are divided by.
        public var temperature: Double
        /// Trained weights of all heads that answer, those of encoder layers included.
        public var parameters: Int
        /// Multiply-adds of an answer, as a multiple of the cheapest pass of an encoder that it uses.
        public var costFactor: Double
        /// The encoder layers that were trained, the lowest and the highest; `nil` where none were.
        public var trainedLayers: [Int]?
        /// Over rows that neither heads nor weights nor temperature have seen; `nil` where there are
        /// none.
        public var heldOut: ClassificationMetrics?
        /// Of the portfolio on the frozen encoder over the same rows, which are dev's; `nil` where the encoder was not
        /// trained.
        public var frozenHeldOut: ClassificationMetrics?
        /// The 95 % interval of the metric that decides over those rows; `nil` where there are none.
        public var heldOutInterval: ConfidenceInterval?
        /// On test: the model's own figures, which `knas evaluate` gives again.
        public var test: ClassificationMetrics
        /// Mean over pairs of members of the share of test rows that they answer differently; `nil` for
        /// a single head.
        public var disagreement: Double?
        /// What every further member adds on held-out rows; empty for a single head.
        public var memberCurve: [Portfolio.Step]
        /// Counts on test; rows are the true classes, columns those that the model predicts. Empty where
        /// rows do not have one class.
        public var confusion: [[Int]]
        /// How well each label is found on test, by index; `nil` where rows do not have several.
        public var labels: [LabelResult]?
        /// The exported model minus this one on test, in the metric that decides, with a 95 % bootstrap
        /// interval over the test rows and McNemar's p; `nil` for the exported model itself.
        public var exportedMinusThis: PairedComparison?
    }

    /// How well a label is found on test.
    public struct LabelResult: Sendable, Codable {
        /// From which probability on a row is said to have it.
        public var threshold: Double
        /// Rows that have it.
        public var present: Int
        /// Rows that are said to have it.
        public var given: Int
        /// Rows of both kinds.
        public var right: Int
        /// F1 at the threshold.
        public var f1: Double
        /// Average precision; `nil` where no row has it.
        public var averagePrecision: Double?
    }

    /// A trained head that does better than all heads with as few weights or fewer.
    public struct ParetoPoint: Sendable, Codable {
        /// The head in text form.
        public var genotype: String
        /// Its trained weights.
        public var parameters: Int
        /// Metrics over the held-out rows that it was tried on.
        public var heldOut: ClassificationMetrics
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
    /// What rows are answered with; `nil` is one class.
    public var target: TargetKind?
    /// Names of the classes or labels, by index; none for numbers.
    public var labels: [String]
    /// Rows of `train`, `dev` and `test`.
    public var rows: [String: Int]
    /// The task's metrics: heads were selected by the first, all are shown.
    public var metrics: [Metric]
    /// Name of the class that F1 is about; `nil` in a task without a positive class.
    public var positive: String?
    /// The coarse step.
    public var search: SearchSummary
    /// What each layer of each view gave, and which were kept; empty where the user chose.
    public var layers: [LayerFinding]
    /// The exported model.
    public var exported: Model
    /// The best head by itself, or the one that the user gave.
    public var single: Model
    /// What the exported model is compared with, by role.
    public var controls: [String: Model]
    /// Every head that was trained, in the order of trainings.
    public var entries: [Entry]
    /// The Pareto front of contestants and random heads by the metric that decides, from the smallest to
    /// the best.
    public var pareto: [ParetoPoint]
    /// What the run took.
    public var cost: Cost
    /// How good the run's answers were against its seconds, from the first to the last; `nil` for a run
    /// without a time limit.
    public var curve: [Moment]?

    /// An answer on the way.
    public struct Moment: Sendable, Codable, Hashable {
        /// Wall seconds since the run began.
        public var seconds: Double
        /// Of the answer's portfolio, as a fraction of 1.
        /// `nil` where numbers are predicted.
        public var heldOutAccuracy: Double?
        /// In nats; of numbers the mean squared error in units of the training rows' variance.
        public var heldOutCrossEntropy: Double

        /// A moment with known figures.
        public init(seconds: Double, heldOutAccuracy: Double?, heldOutCrossEntropy: Double) {
            self.seconds = seconds
            self.heldOutAccuracy = heldOutAccuracy
            self.heldOutCrossEntropy = heldOutCrossEntropy
        }

        /// The moment of a result. A fine-tuned answer is judged on other rows than those before: it has their figures
        /// and what it differs by from a frozen answer to the same rows.
        init?(_ result: RunResult, after earlier: RunResult?) {
            guard let heldOut = result.exported.heldOut else { return nil }
            seconds = result.cost.wallSeconds
            heldOutAccuracy = heldOut.knownAccuracy
            heldOutCrossEntropy = heldOut.loss
            guard let before = earlier?.curve?.last, let beside = result.frozen(beside: earlier)
            else { return }
            heldOutCrossEntropy += before.heldOutCrossEntropy - beside.loss
            if let accuracy = heldOutAccuracy, let known = before.heldOutAccuracy {
                heldOutAccuracy = min(1, accuracy + known - beside.accuracy)
            }
        }
    }
}

extension RunResult {
    /// The same with its place on the curve of answers.
    /// - Parameter earlier: the answer before it.
    public func timed(after earlier: RunResult?) -> RunResult {
        var result = self
        result.curve = (earlier?.curve ?? []) + [Moment(self, after: earlier)].compactMap { $0 }
        return result
    }

    /// What an answer before this one, which is of a fine-tuned model, has on the rows that this is judged on; `nil` where
    /// both are of the same kind.
    fileprivate func frozen(beside earlier: RunResult?) -> ClassificationMetrics? {
        guard exported.role.isFineTuned, let earlier else { return nil }
        return earlier.exported.role.isFineTuned ? earlier.exported.heldOut : exported.frozenHeldOut
    }

    /// Whether this answers held-out rows better than an earlier answer to the same rows: with a lower cross
    /// entropy, and no lower in what decides. Of other rows nothing can be said: then it counts as better.
    ///
    /// A fine-tuned answer is judged on dev alone. It is compared with the frozen one on those rows, and a frozen one never
    /// takes its place.
    public func isBetter(than earlier: RunResult) -> Bool {
        if earlier.exported.role.isFineTuned, !exported.role.isFineTuned { return false }
        guard let own = exported.heldOut,
            let other = frozen(beside: earlier) ?? earlier.exported.heldOut,
            own.count == other.count, rows == earlier.rows
        else { return true }
        let metric = metrics[0]
        // Of a result that was read the scale of numbers is not known.
        func error(_ metrics: ClassificationMetrics) -> Double {
            metrics.meanSquaredError ?? metrics.crossEntropy
        }
        return error(own) < error(other)
            && own.value(of: metric) >= other.value(of: metric)
    }
}

extension RunResult {
    /// How a metric is shown to people: F1 with its class.
    public func title(of metric: Metric) -> String {
        metric == .f1 ? "F1 of \(positive ?? "the positive class")" : metric.title
    }

    /// The accuracy of classes, e.g. `accuracy 81.3%`; of other targets what decides, e.g. `micro F1 0.813`.
    public func headline(_ metrics: ClassificationMetrics?) -> String {
        target == nil
            ? "accuracy " + (metrics?.accuracy.percentage ?? "unknown")
            : title(of: self.metrics[0]) + " "
                + (metrics.map { String(format: "%.3f", $0.value(of: self.metrics[0])) }
                    ?? "unknown")
    }

    /// Whether the accuracy is shown beside the metric that decides.
    var showsAccuracy: Bool { metrics[0] != .accuracy && target != .number }

    /// What ``ClassificationMetrics/loss`` is, for people.
    var lossTitle: String { target == .number ? "squared error, in variances" : "cross entropy" }

    /// Entries of a role, in order.
    public func entries(_ role: Role) -> [Entry] { entries.filter { $0.role == role } }

    /// What early files of the format do not have.
    private static let added = ["layers", "single", "temperature"]

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
        } catch DecodingError.keyNotFound(let key, _) where Self.added.contains(key.stringValue) {
            throw RunResultError.earlier(path: url.path)
        } catch let error as DecodingError {
            throw RunResultError.notAResult(path: url.path, reason: error.reason)
        }
    }
}

/// Errors of reading results.
public enum RunResultError: DiagnosedError, Equatable {
    /// Written by a version of the program with another layout.
    case otherFormat(path: String, found: Int)
    /// Written before runs had portfolios.
    case earlier(path: String)
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
        case .earlier(let path):
            "\(path) was written before searches exported portfolios: run the search again with "
                + "--overwrite"
        case .notAResult(let path, let reason): "\(path) is not the result of a run: \(reason)"
        }
    }
}
