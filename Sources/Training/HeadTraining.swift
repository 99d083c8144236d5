import CKernels
import Features
import Graphs
import Metrics
import Support
import Tensors

/// A training that can pause after any step and go on later, with the bits of one that never paused:
/// heads that look promising are trained on, those that do not cost no more.
///
///     let training = try HeadTraining(
///         TrainingConfiguration(), graph, train: train, dev: dev, classes: 2, key: key)
///     try training.run(steps: training.stepsPerEpoch)
///     print(training.history[0].devAccuracy)
///     try training.run()
///     let head = try training.head()
///
/// Used by one thread at a time. While it pauses it holds the weights, those of its best epoch, and
/// the optimizer's two moments: 16 bytes a weight.
public final class HeadTraining {
    private let configuration: TrainingConfiguration
    private let graph: Graph
    private let train: FeatureSet
    private let dev: FeatureSet
    private let classes: Int
    private let key: RandomKey
    private let epochChoice: EpochChoice
    private let parameters: ParameterSet
    private let optimizer: AdamW
    private let loss: BatchLoss
    private let slots: [Int]
    private let parts: BatchParts
    private var dropout: RandomGenerator
    /// Summed over this epoch's rows so far.
    private var lossSum = 0.0
    private var best: (record: EpochRecord, storage: FloatStorage, dev: Predictions)?
    /// The epochs so far.
    public private(set) var history: [EpochRecord] = []

    /// A training that has not begun.
    ///
    /// - Parameters:
    ///   - key: decides the start, the order of examples and the dropout masks.
    /// - Throws: ``TrainingError/noExamples(split:)``, `BadOption`, `FileError` where features cannot
    ///   be read.
    public init(
        _ configuration: TrainingConfiguration, _ graph: Graph, train: FeatureSet,
        dev: FeatureSet, classes: Int, key: RandomKey
    ) throws {
        try configuration.check()
        try TrainingError.checkExamples(train: train, dev: dev)
        self.configuration = configuration
        self.graph = graph
        self.train = train
        self.dev = dev
        self.classes = classes
        self.key = key
        epochChoice = configuration.epochChoice.resolved
        slots = graph.inputSlots
        parts = BatchParts(graph)
        parameters = ParameterSet(graph)
        parameters.initialize(key: key.child("init"))
        try calibrate(graph, parameters, train, examples: 256, key)
        optimizer = AdamW(
            groups: [ParameterGroup(count: parameters.layout.trainableCount)],
            weightDecay: configuration.weightDecay)
        loss = BatchLoss(
            parameters, train, classes: classes, balancesClasses: configuration.balancesClasses,
            smoothing: configuration.labelSmoothing)
        dropout = key.child("dropout").generator()
    }

    /// Whether no epoch is left, or dev has not improved for too many.
    public var isFinished: Bool {
        history.count == configuration.epochs
            || history.count - (best?.record.epoch ?? 0) >= configuration.patience
    }

    /// Steps in an epoch.
    public var stepsPerEpoch: Int {
        (train.count + configuration.batchSize - 1) / configuration.batchSize
    }

    /// Trains on.
    ///
    /// - Parameters:
    ///   - steps: pauses after so many in all; `nil` goes on to the end.
    ///   - onEpoch: called after every epoch; may stop the training by throwing.
    ///   - onStep: called after every step; may stop the training by throwing.
    /// - Throws: ``TrainingError/diverged(epoch:)``, what `onEpoch` and `onStep` throw; it cannot go
    ///   on then.
    public func run(
        steps: Int? = nil, onEpoch: (EpochRecord) throws -> Void = { _ in },
        onStep: () throws -> Void = {}
    ) throws {
        let perEpoch = stepsPerEpoch
        let last = min(steps ?? .max, perEpoch * configuration.epochs)
        guard !isFinished, optimizer.step < last else { return }
        // Made anew for each run: they need more memory than what is kept between runs.
        let executor = Executor(graph)
        let gradient = BatchGradient(parameters.layout)
        var order = order(history.count + 1)
        while !isFinished, optimizer.step < last {
            let start = optimizer.step % perEpoch * configuration.batchSize
            try step(
                order[start..<min(start + configuration.batchSize, order.count)], executor, gradient
            )
            try onStep()
            guard optimizer.step % perEpoch == 0 else { continue }
            try endEpoch(executor, onEpoch)
            order = self.order(history.count + 1)
        }
    }

    /// What the weights of this moment say of dev.
    /// - Throws: ``TrainingError/diverged(epoch:)`` where they are not finite.
    public func predictions() throws -> Predictions { try predictions(Executor(graph)) }

    private func predictions(_ executor: Executor) throws -> Predictions {
        let diverged = TrainingError.diverged(epoch: history.count + 1)
        guard lossSum.isFinite else { throw diverged }
        do {
            return try predict(executor, parameters, dev, classes: classes)
        } catch is MetricsError {
            // The last step's weights, which no loss was computed with, give no probabilities.
            throw diverged
        }
    }

    /// The head as it is at this moment, which may be within an epoch: that counts as one.
    /// - Throws: ``TrainingError/diverged(epoch:)`` where its weights are not finite.
    public func headSoFar() throws -> TrainedHead {
        guard optimizer.step % stepsPerEpoch != 0 else { return try head() }
        let weights = ParameterSet(graph)
        weights.storage.assign(from: parameters.storage)
        let predictions = try predictions()
        let rows = optimizer.step % stepsPerEpoch * configuration.batchSize
        let record = EpochRecord(
            epoch: history.count + 1, trainingLoss: lossSum / Double(rows), dev: predictions,
            criterion: configuration.criterion)
        return TrainedHead(
            graph: graph, parameters: weights, history: history + [record],
            bestEpoch: record.epoch, dev: predictions)
    }

    /// The order of the training rows in an epoch, counted from 1.
    private func order(_ epoch: Int) -> [Int] {
        var generator = key.child("order").child(epoch).generator()
        return Array(0..<train.count).shuffled(using: &generator)
    }

    /// One step of the optimizer.
    private func step(
        _ rows: ArraySlice<Int>, _ executor: Executor, _ gradient: BatchGradient
    ) throws {
        let members = Array(rows)
        gradient.clear()
        for part in parts.split(members, of: train) {
            lossSum += try loss.add(
                train.batch(part, slots: slots), of: members.count, executor,
                dropoutKey: dropout.next(), into: gradient)
        }
        clip(gradient.storage)
        optimizer.update(
            parameters.storage.pointer, gradient: gradient.storage.pointer,
            learningRate: configuration.learningRate(
                step: optimizer.step, of: stepsPerEpoch * configuration.epochs))
    }

    /// Measures the weights on dev, and keeps them if they count.
    private func endEpoch(
        _ executor: Executor, _ onEpoch: (EpochRecord) throws -> Void
    ) throws {
        let predictions = try predictions(executor)
        let record = EpochRecord(
            epoch: history.count + 1, trainingLoss: lossSum / Double(train.count), dev: predictions,
            criterion: configuration.criterion)
        lossSum = 0
        history.append(record)
        if best == nil || epochChoice == .last || record.score > best!.record.score {
            best = (record, parameters.storage.copy(), predictions)
        }
        try onEpoch(record)
    }

    /// The head as it is now: the weights of the epoch that counts so far.
    /// - Throws: ``TrainingError/diverged(epoch:)`` where no epoch is finished.
    public func head() throws -> TrainedHead {
        guard let best else { throw TrainingError.diverged(epoch: 0) }
        let weights = ParameterSet(graph)
        weights.storage.assign(from: best.storage)
        return TrainedHead(
            graph: graph, parameters: weights, history: history, bestEpoch: best.record.epoch,
            dev: best.dev)
    }

    /// Scales a gradient down to the largest norm allowed.
    private func clip(_ storage: FloatStorage) {
        let count = Int64(storage.count)
        let norm = Float(knas_dot(count, storage.pointer, storage.pointer).squareRoot())
        if norm > configuration.clipNorm {
            knas_scale(
                count, configuration.clipNorm / norm, storage.pointer, storage.pointer)
        }
    }
}
