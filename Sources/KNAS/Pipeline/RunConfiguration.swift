import Encoders
import Foundation
import RunStore
import Scoring
import Support
import Tasks
import Training

/// All choices of a run.
public struct RunConfiguration: Sendable {
    /// The task's definition file.
    public var task: URL
    /// Where the task's data files are; beside the definition where `nil`.
    public var data: URL?
    /// Name or path of the encoder.
    public var encoder = EncoderStore.defaultName
    /// The encoder's hidden state to use; the last where `nil`.
    public var layer: Int?
    /// Whether pairs are encoded as one sequence or apart; as the task says where `nil`.
    public var pairing: Pairing?
    /// Longest sequence in tokens; as the task says where `nil`.
    public var maximumLength: Int?
    public var skipBadRows = false

    /// Heads to score.
    public var candidates = 1000
    /// Heads to train.
    public var keep = 6
    public var expression = ProxyExpression.standard
    public var strategy = "random"
    /// Most blocks between the input and the pooling.
    public var maximumBlocks = 3
    /// A head to train instead of searching for one.
    public var head: String?
    public var scoring = Scorer.Options()

    /// How the winner is trained; finalists get half the epochs.
    public var training = TrainingConfiguration()
    /// Seeds the winner is trained with.
    public var seeds = 3
    /// The seed of everything random.
    public var seed: UInt64 = 1
    public var threads = Parallel.availableThreads
    /// Where the results go.
    public var run: URL
    /// What is to become of a run that is there already.
    public var mode = RunStore.Mode.new

    public init(task: URL, run: URL) {
        self.task = task
        self.run = run
    }

    /// How finalists and controls are trained.
    var finalistTraining: TrainingConfiguration {
        var result = training
        result.epochs = max(1, (training.epochs + 1) / 2)
        return result
    }

    /// - Throws: ``RunError/badOption(name:value:expected:)``.
    func check() throws {
        func require(_ ok: Bool, _ name: String, _ value: Int, _ expected: String) throws {
            guard ok else {
                throw RunError.badOption(name: name, value: "\(value)", expected: expected)
            }
        }
        try require(candidates > 0, "--candidates", candidates, "1 or more")
        try require(keep > 0, "--keep", keep, "1 or more")
        try require(keep <= candidates, "--keep", keep, "at most --candidates (\(candidates))")
        try require((1...1000).contains(seeds), "--seeds", seeds, "1 to 1000")
        try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
        try require((0...64).contains(maximumBlocks), "--blocks", maximumBlocks, "0 to 64")
        if let maximumLength {
            try require(maximumLength >= 8, "--max-tokens", maximumLength, "8 or more")
        }
    }
}

/// Errors of a run.
public enum RunError: DiagnosedError, Equatable {
    case badOption(name: String, value: String, expected: String)
    case emptySplit(task: String, split: String)

    public var kind: ErrorKind {
        switch self {
        case .badOption: .usage
        case .emptySplit: .badInput
        }
    }

    public var description: String {
        switch self {
        case .badOption(let name, let value, let expected):
            "\(name) is \(value): expected \(expected)"
        case .emptySplit(let task, let split): "task \(task): the \(split) split has no rows"
        }
    }
}
