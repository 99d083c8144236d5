import Features
import Heads
import Metrics
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
    /// One training for each part of the data that it was tried on, in order, dev first; `nil`
    /// where training diverged.
    public internal(set) var trials: [TrainedHead?]
    /// The head trained on all of train, once for each seed; empty for heads that were only tried.
    public private(set) var seeds: [TrainedHead] = []
    /// What the trained head reads; `nil` for heads that were only tried.
    public private(set) var reading: Reading?

    /// A head to try.
    init(
        _ role: Role, _ genotype: Genotype, _ recipe: Recipe, by criterion: SelectionCriterion,
        trials: [TrainedHead?] = []
    ) {
        self.role = role
        self.genotype = genotype
        self.recipe = recipe
        self.criterion = criterion
        self.trials = trials
    }

    /// Adds the training on the next part of the data.
    mutating func add(_ trial: TrainedHead?) { trials.append(trial) }

    /// The same head, trained with several seeds.
    func trained(_ role: Role, seeds: [TrainedHead], _ reading: Reading) -> Entry {
        var result = self
        result.role = role
        result.seeds = seeds
        result.reading = reading
        return result
    }

    // MARK: Held-out rows

    /// Whether every trial went through.
    var isSound: Bool { !trials.isEmpty && trials.allSatisfy { $0 != nil } }

    /// The trials' predictions for the rows that were held out, part by part.
    public var heldOut: [Predictions] { trials.compactMap { $0?.dev } }

    /// Accuracy over the rows of all parts together, a fraction of 1; `nil` where a trial diverged.
    public var heldOutAccuracy: Double? { heldOutScore(.accuracy)?.value }

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

    // MARK: Seeds

    /// The seed whose head is exported: the best on dev, the first where several are equal.
    public var bestSeed: Int { seeds.map { criterion.score($0.dev) }.ranking.first ?? 0 }

    /// Mean over the seeds of the deciding metric on dev.
    var devValue: Double {
        seeds.reduce(0) { $0 + criterion.score($1.dev).value } / Double(max(1, seeds.count))
    }

    /// The heads that are exported: those of all seeds together, or the best on dev. Exact fits are
    /// all the same head, so one is exported.
    public func exported(together: Bool) -> [TrainedHead] {
        together && !recipe.isDeterministic ? seeds : [seeds[bestSeed]]
    }

    /// Trained weights, those of encoder layers included.
    public var parameters: Int {
        (seeds.first ?? trials.lazy.compactMap { $0 }.first)?.graph.trainableCount ?? 0
    }

    /// Each seed's predictions on the test split.
    /// - Throws: `FeatureError` and the like, where features cannot be read.
    public func testPredictions(threads: Int) throws -> [Predictions] {
        guard let reading else { return [] }
        func predictions(_ head: TrainedHead) throws -> Predictions {
            try predict(
                head.graph, head.parameters, reading.test, classes: head.dev.classes,
                encoderIsTrained: reading.trainedLayers != nil, threads: threads)
        }
        guard recipe.isDeterministic, let first = seeds.first else {
            return try seeds.map(predictions)
        }
        return Array(repeating: try predictions(first), count: seeds.count)
    }
}

extension Entry.Reading {
    /// What a head on the frozen encoder reads.
    /// - Parameter test: the test split's features in every view.
    init(_ genotype: Genotype, in spaces: SearchSpaces, test: [FeatureSet]) {
        let layers = spaces.layers(of: genotype)
        self.init(
            headLayers: layers, inputLayers: layers, trainedLayers: nil,
            test: test[spaces.index(of: genotype)])
    }
}
