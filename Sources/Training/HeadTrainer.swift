import CKernels
import Features
import Graphs
import Metrics
import Support
import Tensors

/// The result of an epoch.
public struct EpochRecord: Sendable, Hashable, Codable {
    /// From 1.
    public let epoch: Int
    /// Mean loss over the training batches, measured as each was trained on.
    public let trainingLoss: Double
    /// Accuracy on dev, a fraction of 1; not a number where numbers are predicted.
    public let devAccuracy: Double
    /// The value on dev of the metric that epochs are chosen by.
    public let devScore: Double
    /// Cross entropy on dev, in nats; of numbers ``ClassificationMetrics/loss``.
    public let devCrossEntropy: Double

    public init(
        epoch: Int, trainingLoss: Double, devAccuracy: Double, devScore: Double,
        devCrossEntropy: Double
    ) {
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.devAccuracy = devAccuracy
        self.devScore = devScore
        self.devCrossEntropy = devCrossEntropy
    }

    /// Measures the predictions of an epoch's weights on dev.
    init(epoch: Int, trainingLoss: Double, dev: Predictions, criterion: SelectionCriterion) {
        let metrics = criterion.metrics(dev)
        self.init(
            epoch: epoch, trainingLoss: trainingLoss, devAccuracy: metrics.accuracy,
            devScore: metrics.value(of: criterion.metric), devCrossEntropy: metrics.loss)
    }

    private enum CodingKeys: String, CodingKey {
        case epoch, trainingLoss, devAccuracy, devScore, devCrossEntropy
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            epoch: try values.decode(Int.self, forKey: .epoch),
            trainingLoss: try values.decode(Double.self, forKey: .trainingLoss),
            devAccuracy: try values.decodeIfPresent(Double.self, forKey: .devAccuracy) ?? .nan,
            devScore: try values.decode(Double.self, forKey: .devScore),
            devCrossEntropy: try values.decode(Double.self, forKey: .devCrossEntropy))
    }

    /// Without an accuracy where numbers are predicted.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(epoch, forKey: .epoch)
        try values.encode(trainingLoss, forKey: .trainingLoss)
        if !devAccuracy.isNaN { try values.encode(devAccuracy, forKey: .devAccuracy) }
        try values.encode(devScore, forKey: .devScore)
        try values.encode(devCrossEntropy, forKey: .devCrossEntropy)
    }

    /// What the epochs of one training are compared by.
    public var score: SelectionScore {
        SelectionScore(value: devScore, crossEntropy: devCrossEntropy)
    }
}

/// A head with trained weights: those of the epoch that did best on dev.
public struct TrainedHead: Sendable {
    /// The graph that the head runs as.
    public let graph: Graph
    /// Its weights, laid out for the graph.
    public let parameters: ParameterSet
    /// The epochs in order.
    public let history: [EpochRecord]
    /// The epoch whose weights these are, from 1; 0 for those that fine-tuning began at.
    public let bestEpoch: Int
    /// The head's predictions on dev.
    public let dev: Predictions

    /// - Precondition: `parameters` are laid out for `graph`.
    public init(
        graph: Graph, parameters: ParameterSet, history: [EpochRecord], bestEpoch: Int,
        dev: Predictions
    ) {
        self.graph = graph
        self.parameters = parameters
        self.history = history
        self.bestEpoch = bestEpoch
        self.dev = dev
    }
}

/// Trains a head on cached features, on the calling thread; several can run in parallel.
public struct HeadTrainer: Sendable {
    public let configuration: TrainingConfiguration

    /// - Throws: `BadOption`.
    public init(_ configuration: TrainingConfiguration) throws {
        try configuration.check()
        self.configuration = configuration
    }

    /// Trains from a random start.
    ///
    /// - Parameters:
    ///   - key: decides the start, the order of examples and the dropout masks.
    ///   - onEpoch: called after every epoch; may stop the training by throwing.
    ///   - onStep: called after every step; may stop the training by throwing.
    /// - Throws: ``TrainingError``, what `onEpoch` and `onStep` throw.
    public func train(
        _ graph: Graph, train: FeatureSet, dev: FeatureSet, classes: Int, key: RandomKey,
        onEpoch: (EpochRecord) throws -> Void = { _ in },
        onStep: () throws -> Void = {}
    ) throws -> TrainedHead {
        let training = try HeadTraining(
            configuration, graph, train: train, dev: dev, classes: classes, key: key)
        try training.run(onEpoch: onEpoch, onStep: onStep)
        return try training.head()
    }
}

/// Sets the parameters that are computed from data, from at most so many training examples.
func calibrate(
    _ graph: Graph, _ parameters: ParameterSet, _ train: FeatureSet, examples: Int, _ key: RandomKey
) throws {
    guard graph.needsCalibration else { return }
    var generator = key.child("calibration").generator()
    let members = Array(0..<train.count).shuffled(using: &generator).prefix(examples)
    let parts = BatchParts(graph).split(members.sorted(), of: train)
    try graph.calibrate(parameters, blocks: parts.count) {
        try train.batch(parts[$0], slots: graph.inputSlots).batch
    }
}

/// `n / (classes * n_c)` for each class, so the weights average to one over the examples; `nil` where
/// examples have no class.
func classWeights(_ train: FeatureSet, _ classes: Int) -> [Float]? {
    guard case .classes(let labels) = train.targets else { return nil }
    var counts = [Float](repeating: 0, count: classes)
    for label in labels { counts[Int(label)] += 1 }
    return counts.map { $0 > 0 ? Float(train.count) / (Float(classes) * $0) : 0 }
}

/// The weight of each row's class.
func weights(of targets: Targets, _ table: [Float]) -> [Float]? {
    guard case .classes(let labels) = targets else { return nil }
    return labels.map { table[Int($0)] }
}

/// A graph's result for all examples of a set, `[examples, width]`.
///
/// Batches are split by position and length, so the same set always gives the same bits.
func outputRows(
    _ executor: Executor, _ parameters: ParameterSet, _ features: FeatureSet
) throws -> FloatStorage {
    let slots = executor.graph.inputSlots
    let width = executor.graph.output.width
    let result = FloatStorage(count: features.count * width)
    var target = result.pointer
    for part in BatchParts(executor.graph).split(Array(0..<features.count), of: features) {
        let batch = try features.batch(part, slots: slots)
        let rows = executor.forward(batch.batch, parameters: parameters)
        target.update(from: rows, count: part.count * width)
        target += part.count * width
    }
    return result
}

/// Class probabilities of all examples of a set.
public func predict(
    _ executor: Executor, _ parameters: ParameterSet, _ features: FeatureSet, classes: Int
) throws -> Predictions {
    try Predictions(
        overwriting: outputRows(executor, parameters, features), of: features, classes: classes)
}

/// What a head says of all examples of a set. Where encoder layers are part of its graph, it runs in
/// micro-batches on several threads.
public func predict(
    _ graph: Graph, _ parameters: ParameterSet, _ features: FeatureSet, classes: Int,
    encoderIsTrained: Bool, threads: Int
) throws -> Predictions {
    encoderIsTrained
        ? try BatchedInference(graph, parameters, threads: threads).predictions(features)
        : try predict(Executor(graph), parameters, features, classes: classes)
}
