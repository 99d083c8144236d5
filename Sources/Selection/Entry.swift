import Features
import Heads
import Metrics
import RunStore
import Support
import Training

/// A trained head: why it was trained, how, and its predictions for rows that it was not trained
/// on.
public struct Entry: Sendable {
    /// What a head's graph reads.
    public struct Reading: Sendable {
        /// The hidden states that the head reads.
        public let headLayers: [Int]
        /// The hidden states that the graph reads: the head's, or those below trained layers.
        public let inputLayers: [Int]
        /// The encoder layers that were trained with the head; `nil` where it stayed frozen.
        public let trainedLayers: ClosedRange<Int>?
        /// The linear head that training with encoder layers began at, where the head is gated beside it.
        public let linear: FineTuneGraph.Head?
        /// The test split's features for the graph. They are not read before everything is chosen.
        let test: FeatureSet
    }

    /// Why it was trained.
    public var role: Role
    /// The head.
    public let genotype: Genotype
    /// How it was trained.
    public let recipe: Recipe
    /// What it is compared with others by.
    let criterion: SelectionCriterion
    /// What its graph reads.
    public let reading: Reading
    /// Trained weights of one head, those of encoder layers included.
    public let parameters: Int
    /// How it did on each part of the data that was held out, in order, dev first; `nil` where
    /// training diverged.
    public private(set) var trials: [TrainingOutcome?] = []
    /// Rounds of a funnel that it was trained in, beside its trials.
    public private(set) var rounds = 0
    /// The heads whose probabilities are averaged when it answers: those of its trials, and further
    /// seeds. None for a head that left the funnel.
    public private(set) var replicas: [TrainedHead] = []

    /// Trainings that the only replica was chosen from, by dev; 1 for other heads.
    public private(set) var chosenFrom = 1

    /// Trainings whose weights the only replica is the mean of; 1 for other heads.
    public private(set) var averaged = 1

    /// A head that was not tried yet.
    init(
        _ role: Role, _ genotype: Genotype, _ recipe: Recipe, by criterion: SelectionCriterion,
        _ reading: Reading, parameters: Int
    ) {
        self.role = role
        self.genotype = genotype
        self.recipe = recipe
        self.criterion = criterion
        self.reading = reading
        self.parameters = parameters
    }

    /// Adds the head that was trained with the next part of the data held out.
    mutating func add(_ head: TrainedHead?) {
        trials.append(head.map(TrainingOutcome.init))
        if let head { replicas.append(head) }
    }

    /// The same head with the outcomes, part by part, of trainings that may go on.
    func seen(_ outcomes: [TrainingOutcome?]) -> Entry {
        var result = self
        result.trials = outcomes
        result.rounds += 1
        return result
    }

    /// The same head with other replicas.
    func answering(_ replicas: [TrainedHead], as role: Role? = nil) -> Entry {
        var result = self
        result.replicas = replicas
        result.role = role ?? self.role
        return result
    }

    /// The same head, answering with the mean of the weights of some of its replicas.
    func answering(mean head: TrainedHead, of count: Int) -> Entry {
        var result = answering([head])
        result.trials = [TrainingOutcome(head)]
        result.chosenFrom = replicas.count
        result.averaged = count
        return result
    }

    /// The same head with one of its replicas, which is its only trial, too.
    func reduced(to replica: Int) -> Entry {
        var result = answering([replicas[replica]])
        result.trials = [TrainingOutcome(replicas[replica])]
        result.chosenFrom = replicas.count
        return result
    }

    /// The same head, answering with the replica that does best on dev.
    func answeringBest() -> Entry {
        var result = answering([replicas[bestReplica]])
        result.chosenFrom = replicas.count
        return result
    }

    // MARK: Held-out rows

    /// Whether every trial went through.
    var isSound: Bool { !trials.isEmpty && trials.allSatisfy { $0 != nil } }

    /// The trials' predictions for the rows that were held out, part by part.
    public var heldOut: [Predictions] { trials.compactMap { $0?.dev } }

    /// Accuracy over the rows of all parts together, a fraction of 1; `nil` where a trial diverged.
    public var heldOutAccuracy: Double? { heldOutValue(.accuracy) }

    /// A metric over the rows of all parts together; `nil` where a trial diverged, or it means nothing.
    public func heldOutValue(_ criterion: SelectionCriterion) -> Double? {
        heldOutScore(criterion).flatMap(\.value.known)
    }

    /// How good it is on the rows of all parts together; `nil` where a trial diverged.
    var heldOutScore: SelectionScore? { heldOutScore(criterion) }

    private func heldOutScore(_ criterion: SelectionCriterion) -> SelectionScore? {
        isSound ? try? criterion.score(pooling: heldOut) : nil
    }

    /// The indices of entries, best first; ties go to the earlier one.
    static func ranking(_ entries: [Entry]) -> [Int] {
        entries.map {
            $0.heldOutScore ?? SelectionScore(value: -.infinity, crossEntropy: .infinity)
        }.ranking
    }

    // MARK: Replicas

    /// The replica that does best on dev; of equals the first. Replicas that were trained with another
    /// part held out cannot be compared.
    var bestReplica: Int { replicas.map { criterion.score($0.dev) }.ranking.first ?? 0 }

    /// Mean over the replicas of the deciding metric on dev.
    var devValue: Double {
        replicas.reduce(0) { $0 + criterion.score($1.dev).value }
            / Double(max(1, replicas.count))
    }

    /// Each replica's predictions on the test split.
    /// - Throws: `FeatureError` and the like, where features cannot be read.
    public func testPredictions(threads: Int) throws -> [Predictions] {
        let isTrained = reading.trainedLayers != nil
        // Heads on a frozen encoder run side by side.
        return try Parallel.map(count: replicas.count, threads: isTrained ? 1 : threads) {
            place, _ in
            let head = replicas[place]
            return try predict(
                head.graph, head.parameters, reading.test, classes: head.dev.classes,
                encoderIsTrained: isTrained, threads: threads)
        }
    }
}

extension Entry.Reading {
    /// What a head on the frozen encoder reads.
    /// - Parameter test: the test split's features in every view.
    init(_ genotype: Genotype, in spaces: SearchSpaces, test: [FeatureSet]) {
        let layers = spaces.layers(of: genotype)
        self.init(
            headLayers: layers, inputLayers: layers, trainedLayers: nil, linear: nil,
            test: test[spaces.index(of: genotype)])
    }
}
