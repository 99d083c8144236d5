import CKernels
import Features
import Foundation
import Graphs
import Metrics
import Support
import Tensors

/// Trains encoder layers together with a head that was first trained on the frozen encoder.
public struct FineTuner: Sendable {
    public let configuration: FineTuneConfiguration
    /// What the products of the encoder's linear layers, and of their gradients, are computed in. Weights,
    /// and what is evaluated on dev, are float32 in any case.
    public let precision: Precision
    private let threads: Int

    /// - Parameter threads: the results do not depend on it.
    /// - Throws: `BadOption`.
    public init(
        _ configuration: FineTuneConfiguration, precision: Precision = .float32, threads: Int
    ) throws {
        try configuration.check()
        try precision.checkAvailable()
        self.configuration = configuration
        self.precision = precision
        self.threads = threads
    }

    /// How far a training has come.
    public struct Progress: Sendable {
        /// Steps that are finished, of `total`.
        public let step: Int
        public let total: Int
        /// The results of the epochs so far.
        public let history: [EpochRecord]
    }

    /// What one training works with.
    private struct Job {
        let model: FineTuneGraph
        let train: FeatureSet
        let views: Int
        let dev: FeatureSet
        let classes: Int
        let key: RandomKey
        let inference: BatchedInference
        let startCompetes: Bool

        /// Examples of an epoch.
        var count: Int { train.count / views }

        /// The examples of an epoch in order, each in one of its views.
        func order(epoch: Int) -> [Int] {
            var generator = key.child("order").child(epoch).generator()
            let order = Array(0..<count).shuffled(using: &generator)
            guard views > 1 else { return order }
            return order.map { $0 + count * generator.index(below: views) }
        }
    }

    /// Trains from the weights in `start`, which become those of the epoch that does best on dev, or stay as they
    /// are where none does better.
    ///
    /// - Parameters:
    ///   - train: the hidden states of ``FineTuneGraph/inputLayers``; `dev` likewise.
    ///   - views: forms in which `train` holds each example: all examples in their first form, then
    ///     all in their second, and so on. An epoch takes each example once, in a form drawn at
    ///     random.
    ///   - key: decides the order of examples and the dropout masks.
    ///   - startCompetes: whether the weights stay as they are where no epoch does better; else the best epoch's
    ///     are taken in any case.
    ///   - checkpoint: where the state is kept after every epoch, and may come from.
    ///   - onProgress: called after every step; may stop the training by throwing.
    /// - Throws: ``TrainingError``, ``LeftOut``, ``FileError``, ``TensorError``, what `onProgress` throws.
    /// - Precondition: the features are those of the graph's input layers.
    public func train(
        _ model: FineTuneGraph, start parameters: ParameterSet, train: FeatureSet,
        views: Int = 1, dev: FeatureSet, classes: Int, key: RandomKey,
        startCompetes: Bool = true, checkpoint: FineTuneCheckpoint? = nil,
        onProgress: (Progress) throws -> Void = { _ in }
    ) throws -> TrainedHead {
        try TrainingError.checkExamples(train: train, dev: dev)
        precondition(train.layerCount == model.inputLayers.count, "a layer for every input")
        precondition(views > 0 && train.count % views == 0, "every example in every form")
        precondition(dev.layerCount == model.inputLayers.count, "a layer for every input")
        let job = Job(
            model: model, train: train, views: views, dev: dev, classes: classes, key: key,
            inference: BatchedInference(model.graph, parameters, threads: threads),
            startCompetes: startCompetes)
        let digest = FineTuneCheckpoint.digest(
            [
                "fine-tuning", "\(precision.rawValue)", "\(classes) classes", "\(views) views",
                "\(startCompetes)",
            ],
            configuration, model, start: parameters, train: train, dev: dev, key: key)
        let loaded = try checkpoint?.load(digest: digest, parameters)
        let state: FineTuneCheckpoint.State
        if let loaded, loaded.progress == nil {
            state = loaded
        } else {
            state = try run(job, parameters, loaded, onProgress) {
                try checkpoint?.save($0, digest: digest)
            }
        }
        parameters.storage.assign(from: state.best)
        return TrainedHead(
            graph: model.graph, parameters: parameters, history: state.history,
            bestEpoch: state.bestEpoch, dev: try job.inference.predictions(dev))
    }

    /// What changes with every step.
    private struct Weights {
        let parameters: ParameterSet
        let optimizer: AdamW
        /// The running mean of the weights, where there is one.
        let average: WeightAverage?
    }

    /// The epochs that are left.
    private func run(
        _ job: Job, _ parameters: ParameterSet, _ resumed: FineTuneCheckpoint.State?,
        _ onProgress: (Progress) throws -> Void, save: (FineTuneCheckpoint.State) throws -> Void
    ) throws -> FineTuneCheckpoint.State {
        let optimizer = AdamW(
            groups: job.model.groups(configuration), weightDecay: configuration.weightDecay)
        let loss = BatchLoss(
            parameters, job.train, classes: job.classes,
            balancesClasses: configuration.balancesClasses,
            smoothing: configuration.labelSmoothing, consistency: configuration.consistency)
        let average = configuration.averaging.map {
            WeightAverage(
                parameters.storage, horizon: $0 * Float(max(1, job.count / configuration.batchSize))
            )
        }
        let pull = configuration.pull.map {
            PretrainedPull(job.model, parameters, configuration, strength: $0)
        }
        let gradients = try BatchGradients(
            job.model.graph, loss, configuration, precision: precision, threads: threads)
        let batches = (0..<job.count).pieces(of: configuration.batchSize)
        let total = batches.count * configuration.epochs
        var state = try resumed ?? start(job, parameters)
        // What is kept so far, if that is the start.
        let start = try startScore(job, parameters, state)
        if let progress = resumed?.progress {
            parameters.storage.assign(from: progress.weights)
            optimizer.restore(step: progress.step, first: progress.first, second: progress.second)
            if let mean = progress.mean { average?.weights.assign(from: mean) }
        }
        let weights = Weights(parameters: parameters, optimizer: optimizer, average: average)
        let first = state.history.count + 1
        for epoch in stride(from: first, through: configuration.epochs, by: 1) {
            if isExhausted(state) { break }
            let order = job.order(epoch: epoch)
            var lossSum = 0.0
            for batch in batches {
                lossSum += try gradients.compute(
                    Array(order[batch]), of: job.train,
                    key: job.key.child("dropout").child(optimizer.step))
                guard lossSum.isFinite else { throw TrainingError.diverged(epoch: epoch) }
                let rate =
                    configuration.headLearningRate
                    * configuration.schedule(step: optimizer.step, of: total)
                optimizer.update(
                    parameters.storage.pointer, gradient: gradients.storage.pointer,
                    learningRate: rate, threads: threads)
                pull?.apply(to: parameters.storage, learningRate: rate, threads: threads)
                average?.add(parameters.storage, threads: threads)
                try onProgress(
                    Progress(
                        step: optimizer.step, total: total, history: state.history))
            }
            state = try finish(epoch, lossSum, job, weights, after: state, start)
            try save(state)
        }
        return state
    }

    /// The state before the first epoch.
    private func start(_ job: Job, _ parameters: ParameterSet) -> FineTuneCheckpoint.State {
        FineTuneCheckpoint.State(
            history: [], bestEpoch: 0,
            best: job.startCompetes ? parameters.storage.copy() : parameters.storage, progress: nil)
    }

    /// What the weights at the start are on dev, as long as no epoch was better; `nil` where they do not compete.
    private func startScore(
        _ job: Job, _ parameters: ParameterSet, _ state: FineTuneCheckpoint.State
    ) throws -> SelectionScore? {
        guard job.startCompetes, state.bestEpoch == 0 else { return nil }
        parameters.storage.assign(from: state.best)
        return configuration.criterion.score(try job.inference.predictions(job.dev))
    }

    /// Whether there was no better epoch for as many as patience allows.
    private func isExhausted(_ state: FineTuneCheckpoint.State) -> Bool {
        guard let patience = configuration.patience else { return false }
        return state.history.count - state.bestEpoch >= patience
    }

    /// Evaluates the weights on dev, or their mean, and assembles the state to keep.
    private func finish(
        _ epoch: Int, _ lossSum: Double, _ job: Job, _ weights: Weights,
        after before: FineTuneCheckpoint.State, _ start: SelectionScore?
    ) throws -> FineTuneCheckpoint.State {
        let (parameters, average) = (weights.parameters, weights.average)
        guard knas_all_finite(Int64(parameters.storage.count), parameters.storage.pointer) != 0
        else { throw TrainingError.diverged(epoch: epoch) }
        // Inference reads the training's own weights, so the mean takes their place for a moment.
        let last = average.map { _ in parameters.storage.copy() }
        if let average { parameters.storage.assign(from: average.weights) }
        defer { if let last { parameters.storage.assign(from: last) } }
        let record = EpochRecord(
            epoch: epoch, trainingLoss: lossSum / Double(job.count),
            dev: try job.inference.predictions(job.dev), criterion: configuration.criterion)
        let history = before.history + [record]
        var state = FineTuneCheckpoint.State(
            history: history, bestEpoch: epoch, best: parameters.storage, progress: nil)
        let best = before.bestEpoch > 0 ? before.history[before.bestEpoch - 1].score : start
        if let best, record.score <= best {
            state.bestEpoch = before.bestEpoch
            state.best = before.best
        } else {
            state.best = parameters.storage.copy()
        }
        if epoch < configuration.epochs {
            state.progress = FineTuneCheckpoint.Progress(
                step: weights.optimizer.step, weights: last ?? parameters.storage,
                first: weights.optimizer.first, second: weights.optimizer.second,
                mean: average.map { $0.weights })
        }
        return state
    }
}
