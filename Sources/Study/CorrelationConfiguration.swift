import Foundation
import RunStore
import Scoring
import Selection
import Support
import Training

/// Choices of a study of proxies against trained accuracy.
public struct CorrelationConfiguration: Sendable {
    /// Task, encoder, and what heads may read.
    public var input: InputConfiguration
    /// Which heads there are.
    public var space = SpaceConfiguration()
    /// How heads are scored.
    public var scoring = Scorer.Options()
    /// How heads are trained.
    public var training = TrainingConfiguration()
    /// How heads are trained together with the encoder, after their training on the frozen encoder; `nil`
    /// where it stays frozen. Accuracies are then those of fine-tuning.
    public var fineTuning: FineTuneOptions?
    /// Heads to draw and train.
    public var heads = 40
    /// Trainings of each head with different seeds; two or more show the ceiling.
    public var repeats = 1
    /// Folds of a cross-validation over train; 1 trains on train and evaluates on dev. By default 4
    /// where dev has fewer than 300 rows, else 1.
    public var folds: Int?
    /// Expressions to report in addition to every single proxy.
    public var votes: [ProxyExpression] = [.standard]
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// Threads; the results do not depend on it.
    public var threads = Parallel.availableThreads
    /// Where the results go.
    public var directory: URL
    /// What to do with a study that already exists.
    public var mode = RunStore.Mode.new

    /// The default number of epochs that heads are trained for.
    public static let standardEpochs = 4

    /// A study with this project's standard choices.
    public init(task: URL, directory: URL) {
        input = InputConfiguration(task: task)
        self.directory = directory
        training.epochs = Self.standardEpochs
    }

    /// Number of dev rows below which heads are compared by cross-validation.
    private static let smallDev = 300

    /// Folds of the cross-validation, 1 for dev.
    func folds(devRows: Int) -> Int {
        fineTuning != nil ? 1 : folds ?? (devRows < Self.smallDev ? HeldOutParts.standardFolds : 1)
    }

    /// - Throws: `BadOption`.
    func check() throws {
        try input.check()
        try space.check()
        try require((3...100_000).contains(heads), "--heads", heads, "3 or more")
        try require((1...100).contains(repeats), "--repeats", repeats, "1 to 100")
        try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
        if let fineTuning {
            try fineTuning.training.check()
            try require(
                (folds ?? 1) == 1 && repeats == 1, "--folds and --repeats",
                "\(folds ?? 1) and \(repeats)", "1 with --unfreeze")
            try require(
                !input.hasSeveralViews, "--unfreeze", "on", "one encoder and one way of pairing")
        }
        if let folds { try require((1...20).contains(folds), "--folds", folds, "1 to 20") }
    }
}

/// Errors of studies.
public enum CorrelationError: DiagnosedError, Equatable {
    /// Too few heads could be trained to rank anything.
    case tooFewHeads(trained: Int)

    /// Always bad input.
    public var kind: ErrorKind { .badInput }

    /// The error for a user.
    public var description: String {
        switch self {
        case .tooFewHeads(let trained):
            "only \(trained) heads could be trained; correlations need 3"
        }
    }
}
