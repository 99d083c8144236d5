import Features
import Graphs
import Heads
import Support
import Tensors

/// A proxy's values over several initialisations.
public struct ScoreSummary: Sendable, Hashable, Codable {
    public let mean: Double
    /// Standard deviation over the initialisations (of the population).
    public let spread: Double

    public init(mean: Double, spread: Double) {
        self.mean = mean
        self.spread = spread
    }

    public init(_ values: [Double]) {
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        spread =
            (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
            .squareRoot()
    }
}

/// What scoring found out about a head.
public struct Score: Sendable, Hashable {
    /// By proxy name.
    public let values: [String: ScoreSummary]
    /// Trained weights.
    public let parameters: Int

    public init(values: [String: ScoreSummary], parameters: Int) {
        self.values = values
        self.parameters = parameters
    }
}

/// Scores heads on a fixed batch of training examples.
public struct Scorer: Sendable {
    /// Options of a scorer.
    public struct Options: Sendable {
        /// Examples in the batch.
        public var examples = 64
        /// Random initialisations of every head.
        public var initializations = 2
        /// Number of classes up to which the output kernel is exact; beyond it, the number of
        /// random directions.
        public var outputDirections = 8
        /// Directions that the gradients of linear layers are projected on, on either side, before their
        /// inner products are taken; 0 for exact kernels.
        public var sketch = 0
        /// Training steps that every head takes before it is scored, on training examples outside
        /// the scoring batch; none leaves heads at their random start.
        public var warmUpSteps = 0
        /// Examples per warm-up step.
        public var warmUpBatch = 32
        /// Learning rate of the warm-up's AdamW.
        public var warmUpLearningRate: Float = 1e-3
        /// Whether a proxy that cannot be computed on the batch is left out instead of being an
        /// error.
        public var leavesOutUnavailable = false

        public init() {}

        /// - Throws: `BadOption`.
        public func check() throws {
            try require(
                (4...4096).contains(examples), "the number of scoring examples", examples,
                "4 to 4096")
            try require(
                (1...1000).contains(initializations), "the number of initialisations",
                initializations, "1 to 1000")
            try require((0...1024).contains(sketch), "--sketch", sketch, "0 to 1024")
            try require(
                (0...10_000).contains(warmUpSteps), "the number of warm-up steps", warmUpSteps,
                "0 to 10000")
            try require(
                (1...4096).contains(warmUpBatch), "the number of warm-up examples per step",
                warmUpBatch, "1 to 4096")
            try require(
                warmUpLearningRate > 0 && warmUpLearningRate <= 1, "the warm-up's learning rate",
                warmUpLearningRate, "above 0, at most 1")
        }
    }

    private let spaces: SearchSpaces
    /// One for each space, all with the same examples.
    private let batches: [SharedBatch]
    private let proxies: [any Proxy]
    private let options: Options
    /// One for each space; none where heads are scored at their random start.
    private let warmUps: [WarmUp]
    /// Memory that is reused from head to head.
    private let scratch = BufferPools()

    /// - Parameters:
    ///   - train: features of the training split for each of the spaces; nothing else is ever seen.
    ///   - key: draws the examples, class by class in turn; heads of all views are scored on the
    ///     same.
    /// - Throws: ``ScoringError``.
    /// - Precondition: all features are of the same examples.
    public init(
        spaces: SearchSpaces, train: [FeatureSet], proxies: [String], options: Options,
        key: RandomKey
    ) throws {
        precondition(
            train.count == spaces.spaces.count
                && train.allSatisfy { $0.targets == train[0].targets },
            "the same examples for every space")
        try options.check()
        self.spaces = spaces
        self.options = options
        let found = try proxies.map(ProxyRegistry.find)
        self.proxies = found.filter(\.readsKernel) + found.filter { !$0.readsKernel }
        let examples = Self.balanced(
            train[0].targets.strata, count: min(options.examples, train[0].count),
            key: key.child("batch"))
        batches = try train.map { SharedBatch(try $0.batch(examples)) }
        warmUps =
            options.warmUpSteps == 0
            ? []
            : try train.map {
                try WarmUp(
                    train: $0, excluding: examples, options: options, key: key.child("warm-up"))
            }
    }

    /// Examples of all classes (or ``Targets/strata``) in turn, each in random order.
    public static func balanced(_ labels: [Int32], count: Int, key: RandomKey) -> [Int] {
        var byClass: [Int32: [Int]] = [:]
        for (index, label) in labels.enumerated() { byClass[label, default: []].append(index) }
        var queues = byClass.keys.sorted().map { label in
            var generator = key.child(Int(label)).generator()
            return byClass[label]!.shuffled(using: &generator)[...]
        }
        var chosen: [Int] = []
        while chosen.count < count {
            for index in queues.indices where chosen.count < count {
                if let example = queues[index].popFirst() { chosen.append(example) }
            }
        }
        return chosen
    }

    /// Scores a head.
    /// - Throws: ``ScoringError`` when a proxy cannot be computed or is not finite.
    public func score(_ genotype: Genotype, key: RandomKey) throws -> Score {
        let index = spaces.index(of: genotype)
        let graph = spaces.spaces[index].graph(of: genotype)
        return try scratch.with {
            try score(
                graph, on: batches[index].value,
                warmUp: warmUps.isEmpty ? nil : warmUps[index], pool: $0, key: key)
        }
    }

    private func score(
        _ graph: Graph, on batch: FeatureBatch, warmUp: WarmUp?, pool: BufferPool, key: RandomKey
    ) throws -> Score {
        let executor = Executor(graph, pool: pool)
        defer { executor.reset() }
        var values: [String: [Double]] = [:]
        for index in 0..<options.initializations {
            let key = key.child(index)
            let classes = spaces.classes
            let parameters = ParameterSet(graph)
            parameters.initialize(key: key.child("init"))
            // What calibrates is the forward pass that proxies look at, unless the weights change.
            let isReady = graph.needsCalibration && warmUp == nil
            if isReady {
                executor.forward(batch.batch, parameters: parameters, mode: .calibration)
            } else {
                executor.calibrate(batch.batch, parameters: parameters)
            }
            try warmUp?.run(
                parameters, executor: executor, classes: classes, key: key.child("warm-up"))
            let evaluation = HeadEvaluation(
                graph: graph, executor: executor, parameters: parameters,
                batch: batch.batch, targets: batch.targets, classes: classes,
                outputDirections: options.outputDirections, sketchSize: options.sketch,
                wantsInputGradients: proxies.contains(where: \.readsInputGradients),
                holdsActivations: isReady, key: key)
            for proxy in proxies {
                let value: Double
                do {
                    value = try proxy.score(evaluation)
                } catch ScoringError.tooFewExamples where options.leavesOutUnavailable {
                    continue
                }
                guard value.isFinite else { throw ScoringError.nonFinite(proxy: proxy.name) }
                values[proxy.name, default: []].append(value)
            }
        }
        return Score(
            values: values.mapValues(ScoreSummary.init), parameters: graph.trainableCount)
    }

    /// A batch that several threads read.
    private struct SharedBatch: @unchecked Sendable {
        let value: FeatureBatch
        init(_ value: FeatureBatch) { self.value = value }
    }
}
