import Encoders
import Features
import Foundation
import Heads
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
    /// The encoder's hidden states that heads may read.
    public var layers = LayerSelection.upperThird
    /// Whether pairs are encoded as one sequence or apart; as the task says where `nil`.
    public var pairing: Pairing?
    /// Longest sequence in tokens; as the task says where `nil`.
    public var maximumLength: Int?
    /// Whether bad rows are left out instead of ending the run.
    public var skipBadRows = false

    /// Heads to score.
    public var candidates = 1000
    /// Heads to train.
    public var keep = 6
    /// What heads are ranked by.
    public var expression = ProxyExpression.standard
    /// How heads are proposed, by name.
    public var strategy = "random"
    /// Most blocks between the input and the pooling.
    public var maximumBlocks = 3
    /// Heads with more trained weights are not proposed. Larger ones take most of the time and have
    /// not been seen to win.
    public var maximumParameters: Int? = 500_000
    /// Heads that need more multiply-adds for an example of mean length are not proposed.
    public var maximumMultiplyAdds: Double?
    /// Names of the operations that heads are made of; where `nil`, those that are drawn unless named,
    /// which the name `default` stands for.
    public var operations: [String]?
    /// A head to train instead of searching for one.
    public var head: String?
    /// How heads are scored.
    public var scoring = Scorer.Options()

    /// How the winner is trained; finalists get half the epochs.
    public var training = TrainingConfiguration()
    /// Ways to train the winner that are tried on held-out rows; below 2 none is.
    public var tuning = 4
    /// Whether linear heads that are fitted exactly compete with the search's best head.
    public var meetsLinearHeads = true
    /// Whether and how encoder layers are trained with the winner.
    public var fineTuning: FineTuneOptions?
    /// Seeds the winner is trained with.
    public var seeds = 3
    /// Whether the exported model averages the probabilities of all seeds' heads.
    public var averagesSeeds = false
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// Threads; the results do not depend on it.
    public var threads = Parallel.availableThreads
    /// Where the results go.
    public var run: URL
    /// What is to become of a run that is there already.
    public var mode = RunStore.Mode.new

    /// A run with this project's standard choices.
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

    /// What heads may cost, with examples of a training set's mean length.
    func limits(for train: FeatureSet) -> HeadLimits {
        let lengths = (0..<train.count).flatMap { example in
            (0..<train.segments).map { train.length(example, segment: $0) }
        }
        return limits(lengths: lengths, segments: train.segments)
    }

    /// What heads may cost.
    /// - Parameter lengths: tokens of every segment of every training example, segments of an example
    ///   together.
    func limits(lengths: [Int], segments: Int) -> HeadLimits {
        let means = (0..<segments).map { segment in
            let own = stride(from: segment, to: lengths.count, by: segments)
            return max(1, own.reduce(0) { $0 + lengths[$1] } / max(1, lengths.count / segments))
        }
        return HeadLimits(
            parameters: maximumParameters, multiplyAdds: maximumMultiplyAdds, lengths: means)
    }

    /// Restrictions beyond the number of weights, empty without any.
    var restriction: String {
        guard maximumMultiplyAdds != nil || operations != nil else { return "" }
        return " \(maximumMultiplyAdds ?? 0) \(operations ?? [])"
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
        try require((0...1000).contains(tuning), "--tune", tuning, "0 to 1000")
        try require((1...1000).contains(seeds), "--seeds", seeds, "1 to 1000")
        try require((1...1024).contains(threads), "--threads", threads, "1 to 1024")
        try require((0...64).contains(maximumBlocks), "--blocks", maximumBlocks, "0 to 64")
        if let maximumParameters {
            try require(
                maximumParameters > 0, "--max-parameters", maximumParameters, "1 or more")
        }
        if let maximumMultiplyAdds, !(maximumMultiplyAdds > 0) {
            throw RunError.badOption(
                name: "--max-flops", value: "\(maximumMultiplyAdds)", expected: "above 0")
        }
        if averagesSeeds, fineTuning != nil {
            throw RunError.badOption(
                name: "--ensemble", value: "on",
                expected: "a run without --unfreeze, whose seeds have encoders of their own")
        }
        try fineTuning?.training.check()
        if let maximumLength {
            try require(maximumLength >= 8, "--max-tokens", maximumLength, "8 or more")
        }
    }
}

/// Errors of a run.
public enum RunError: DiagnosedError, Equatable {
    /// A choice is out of its range.
    case badOption(name: String, value: String, expected: String)
    /// A split that the run needs has no rows.
    case emptySplit(task: String, split: String)
    /// A list of candidates that cannot be read.
    case badCandidates(path: String, line: Int, reason: String)

    /// Usage for choices, else bad input.
    public var kind: ErrorKind {
        switch self {
        case .badOption: .usage
        case .emptySplit, .badCandidates: .badInput
        }
    }

    /// The error for a user.
    public var description: String {
        switch self {
        case .badOption(let name, let value, let expected):
            "\(name) is \(value): expected \(expected)"
        case .emptySplit(let task, let split): "task \(task): the \(split) split has no rows"
        case .badCandidates(let path, let line, let reason): "\(path):\(line): \(reason)"
        }
    }
}
