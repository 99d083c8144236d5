import Metrics
import Support

/// Which epoch's weights a training keeps.
public enum EpochChoice: String, Sendable, Hashable, Codable, CaseIterable {
    /// The last. Over three tasks, portfolios of heads at their last epoch were as good as those at the
    /// epoch that was best on the very rows that measured them, and estimates stay honest.
    case automatic
    /// The one that does best on dev; training stops when dev no longer improves.
    case best
    /// The last, at a learning rate that has fallen to zero.
    case last

    /// What `automatic` means.
    public var resolved: EpochChoice { self == .automatic ? .last : self }
}

/// How heads are trained.
public struct TrainingConfiguration: Sendable, Hashable, Codable {
    /// Largest number of epochs.
    public var epochs = 8
    /// Examples per step.
    public var batchSize = 32
    /// Peak learning rate.
    public var learningRate: Float = 1e-3
    /// Decoupled weight decay of AdamW.
    public var weightDecay: Float = 0.01
    /// Share of the steps in which the learning rate rises from zero; it falls to zero in the rest.
    public var warmUp: Float = 0.1
    /// Largest Euclidean norm of a step's gradient.
    public var clipNorm: Float = 1
    /// Number of epochs without a better dev result after which training stops.
    public var patience = 4
    /// Share of the target that is spread over all classes.
    public var labelSmoothing: Float = 0
    /// Which epoch's weights are the result.
    public var epochChoice = EpochChoice.automatic
    /// What the epochs are compared by on dev.
    public var criterion = SelectionCriterion.accuracy
    /// Whether all classes have the same total weight in the loss, however many examples they have.
    public var balancesClasses = false

    /// This project's standard choices.
    public init() {}

    /// - Throws: `BadOption`.
    public func check() throws {
        try require((1...100_000).contains(epochs), "epochs", epochs, "1 to 100000")
        try require((1...100_000).contains(batchSize), "batch size", batchSize, "1 to 100000")
        try require(
            learningRate > 0 && learningRate < 10, "learning rate", learningRate,
            "above 0, below 10")
        try require(weightDecay >= 0 && weightDecay < 10, "weight decay", weightDecay, "0 to 10")
        try require((0...1).contains(warmUp), "warm-up", warmUp, "0 to 1")
        try require(clipNorm > 0, "clip norm", clipNorm, "above 0")
        try require(patience > 0, "patience", patience, "1 or more")
        try require(
            labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", labelSmoothing, "0 to 1")
    }

    /// The learning rate of a step: linear warm-up, then linear decay.
    func learningRate(step: Int, of total: Int) -> Float {
        let rising = max(1, (Float(total) * warmUp).rounded())
        let position = Float(step) + 1
        if position <= rising { return learningRate * position / rising }
        return learningRate * max(0, Float(total) - Float(step)) / max(1, Float(total) - rising)
    }
}

/// Errors of training.
public enum TrainingError: DiagnosedError, Equatable {
    case diverged(epoch: Int)
    case noExamples(split: String)

    public var kind: ErrorKind {
        switch self {
        case .diverged: .internalError
        case .noExamples: .badInput
        }
    }

    public var description: String {
        switch self {
        case .diverged(let epoch): "training diverged in epoch \(epoch): the loss is not finite"
        case .noExamples(let split): "the \(split) split has no examples"
        }
    }
}
