import Graphs
import Metrics
import Training

/// Identifies one of a run's trainings.
public struct TrainingKey: Sendable, Hashable {
    /// The stage, e.g. `finalists`, with anything else that distinguishes its trainings.
    public let stage: String
    /// The seed's number, or the place in the stage, from 0.
    public let index: Int
    /// The head's text.
    public let genotype: String

    public init(stage: String, index: Int, genotype: String) {
        self.stage = stage
        self.index = index
        self.genotype = genotype
    }
}

/// How a finished training ended, bit for bit.
public enum StoredTraining: Sendable {
    case trained(TrainedHead)
    /// The loss was no longer finite in this epoch; the epochs before it.
    case diverged(epoch: Int, history: [EpochRecord])

    /// The epochs in order.
    public var history: [EpochRecord] {
        switch self {
        case .trained(let head): head.history
        case .diverged(_, let history): history
        }
    }
}

/// The tables' form of a training: a head's numbers without its graph.
struct TrainingRecord {
    /// How it ended.
    enum Ending {
        /// All parameters in the graph's order, and their predictions on dev.
        case trained(bestEpoch: Int, weights: [Float], dev: Predictions)
        case diverged(epoch: Int)
    }

    let history: [EpochRecord]
    let ending: Ending

    init(history: [EpochRecord], ending: Ending) {
        self.history = history
        self.ending = ending
    }

    init(_ training: StoredTraining) {
        history = training.history
        ending =
            switch training {
            case .trained(let head):
                .trained(
                    bestEpoch: head.bestEpoch, weights: head.parameters.storage.array,
                    dev: head.dev)
            case .diverged(let epoch, _): .diverged(epoch: epoch)
            }
    }

    /// The training of a head with this graph.
    /// - Throws: ``RunStoreError/damaged(path:reason:)`` where the graph has other parameters.
    func training(
        of graph: @autoclosure () throws -> Graph, key: TrainingKey, path: String
    ) throws -> StoredTraining {
        switch ending {
        case .diverged(let epoch): return .diverged(epoch: epoch, history: history)
        case .trained(let bestEpoch, let weights, let dev):
            let graph = try graph()
            let parameters = ParameterSet(graph)
            guard parameters.storage.count == weights.count else {
                throw RunStoreError.damaged(
                    path: path,
                    reason: "training \(key.index) of stage \(key.stage) has \(weights.count) "
                        + "weights, its head \(parameters.storage.count)")
            }
            parameters.storage.pointer.update(from: weights, count: weights.count)
            return .trained(
                TrainedHead(
                    graph: graph, parameters: parameters, history: history, bestEpoch: bestEpoch,
                    dev: dev))
        }
    }
}
