import Metrics
import Support

/// How encoder layers and a head are trained together.
public struct FineTuneConfiguration: Sendable, Hashable, Codable {
    /// Number of epochs at most; the best on dev is kept.
    public var epochs = 3
    /// Epochs without a better one after which training ends; `nil` where all are trained.
    public var patience: Int?
    /// Examples per step.
    public var batchSize = 32
    /// Peak learning rate of the head.
    public var headLearningRate: Float = 5e-4
    /// Peak learning rate of the topmost encoder layer.
    public var encoderLearningRate: Float = 1e-4
    /// What the learning rate is multiplied by from one encoder layer to the one below (Howard and Ruder
    /// 2018, section 3.2).
    public var layerDecay: Float = 0.9
    /// The rank of adapters that are trained beside the encoder's weights instead of these
    /// (``LowRankAdapter``); `nil` where the weights are.
    public var adapterRank: Int?
    /// Decoupled pull of the encoder's trained weights towards the pretrained ones, in the place of weight decay
    /// (L2-SP, Li, Grandvalet and Davoine, ICML 2018); `nil` for none.
    public var pull: Float?
    /// The share of an epoch that a running mean of the weights reaches back; dev and the model get the mean
    /// (Izmailov et al. 2018). `nil` where they get the last weights.
    public var averaging: Float?
    /// What the distance of an example's answers under two dropout masks counts beside their mean loss
    /// (R-Drop, Liang et al., NeurIPS 2021); `nil` where every example is read once.
    public var consistency: Float?
    /// Decoupled weight decay of matrices; norms and biases have none.
    public var weightDecay: Float = 0.01
    /// Share of the steps in which the learning rate rises from zero; it falls to zero in the rest.
    public var warmUp: Float = 0.1
    /// Largest Euclidean norm of a step's gradient.
    public var clipNorm: Float = 1
    /// Dropout rate after attention and feed-forward in the encoder's layers.
    public var dropout: Float = 0.1
    /// Tokens whose activations a thread keeps at a time, which bounds the memory whatever the
    /// batch size. A longer example is processed alone.
    public var microBatchTokens = 512
    /// Share of the target that is spread over all classes.
    public var labelSmoothing: Float = 0
    /// Whether all classes have the same total weight in the loss, however many examples they have.
    public var balancesClasses = false
    /// What the epochs are compared by on dev.
    public var criterion = SelectionCriterion.accuracy

    /// This project's standard choices.
    public init() {}

    /// - Throws: `BadOption`.
    public func check() throws {
        func rate(_ name: String, _ value: Float) throws {
            try require(value > 0 && value < 10, name, value, "above 0, below 10")
        }
        try require((1...100_000).contains(epochs), "fine-tuning epochs", epochs, "1 to 100000")
        try require((1...100_000).contains(batchSize), "batch size", batchSize, "1 to 100000")
        try rate("head learning rate", headLearningRate)
        try rate("encoder learning rate", encoderLearningRate)
        try require(layerDecay > 0 && layerDecay <= 1, "layer decay", layerDecay, "above 0, to 1")
        try require(weightDecay >= 0 && weightDecay < 10, "weight decay", weightDecay, "0 to 10")
        if let patience {
            try require((1...100_000).contains(patience), "patience", patience, "1 to 100000")
        }
        if let adapterRank {
            try require((1...1024).contains(adapterRank), "--lora", adapterRank, "1 to 1024")
        }
        if let pull { try require(pull >= 0 && pull < 1000, "--pull", pull, "0 to 1000") }
        if let averaging {
            try require(averaging > 0 && averaging <= 10, "averaging", averaging, "above 0, to 10")
        }
        if let consistency {
            try require(
                consistency > 0 && consistency <= 100, "--r-drop", consistency, "above 0, to 100")
            try require(
                dropout > 0, "encoder dropout", dropout,
                "above 0 with --r-drop: masks have to differ")
        }
        try require((0...1).contains(warmUp), "warm-up", warmUp, "0 to 1")
        try require(clipNorm > 0, "clip norm", clipNorm, "above 0")
        try require(
            dropout >= 0 && dropout < 1, "encoder dropout", dropout, "0 to 1, 1 excluded")
        try require(
            (1...1_000_000).contains(microBatchTokens), "micro-batch tokens", microBatchTokens,
            "1 to 1000000")
        try require(
            labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing", labelSmoothing, "0 to 1")
    }

    /// The share of the peak learning rate at a step, from 0: linear warm-up, then linear decay.
    func schedule(step: Int, of total: Int) -> Float {
        var shape = TrainingConfiguration()
        shape.learningRate = 1
        shape.warmUp = warmUp
        return shape.learningRate(step: step, of: total)
    }
}
