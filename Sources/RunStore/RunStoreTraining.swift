import Graphs
import Metrics
import Training

extension RunStore {
    /// The head that a training gives: the stored one where it was finished before, else one that
    /// is trained now and stored.
    ///
    /// - Parameters:
    ///   - key: which training it is; the same key must always give the same result.
    ///   - graph: the head's.
    ///   - onEpoch: called for every epoch, including those of a stored training.
    ///   - body: trains; calls the closure that it is given for every epoch.
    /// - Throws: what `body` and `onEpoch` throw; ``TrainingError/diverged(epoch:)`` where it
    ///   diverged before; ``RunStoreError``, `FileError`.
    public func head(
        _ key: TrainingKey, of graph: @autoclosure () throws -> Graph,
        onEpoch: @escaping (EpochRecord) throws -> Void,
        training body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainedHead {
        if let known = try training(key, of: graph()) {
            for record in known.history { try onEpoch(record) }
            switch known {
            case .trained(let head): return head
            case .diverged(let epoch, _): throw TrainingError.diverged(epoch: epoch)
            }
        }
        let head = try train(key, onEpoch, body)
        try finish(key, .trained(head))
        return head
    }

    /// How a trained head does, as ``head(_:of:onEpoch:training:)`` finds it, but without its
    /// weights: a study that trains thousands of heads has no use for them.
    /// - Throws: as ``head(_:of:onEpoch:training:)``.
    public func outcome(
        _ key: TrainingKey, onEpoch: @escaping (EpochRecord) throws -> Void,
        training body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainingOutcome {
        if let known = try record(key) {
            for record in known.history { try onEpoch(record) }
            switch known.ending {
            case .trained(_, _, let dev):
                return TrainingOutcome(history: known.history, dev: dev)
            case .diverged(let epoch): throw TrainingError.diverged(epoch: epoch)
            }
        }
        let head = try train(key, onEpoch, body)
        try finish(
            key,
            TrainingRecord(
                history: head.history,
                ending: .trained(bestEpoch: head.bestEpoch, weights: [], dev: head.dev)))
        return TrainingOutcome(head)
    }

    /// Trains and stores epochs, and the failure of a training that diverged.
    private func train(
        _ key: TrainingKey, _ onEpoch: @escaping (EpochRecord) throws -> Void,
        _ body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainedHead {
        var history: [EpochRecord] = []
        do {
            return try body { record in
                history.append(record)
                try appendEpoch(key, record)
                try onEpoch(record)
            }
        } catch TrainingError.diverged(let epoch) {
            try finish(key, .diverged(epoch: epoch, history: history))
            throw TrainingError.diverged(epoch: epoch)
        }
    }
}

/// How a training went, without its weights.
public struct TrainingOutcome: Sendable {
    /// The epochs in order.
    public let history: [EpochRecord]
    /// The predictions of the best epoch's weights on dev.
    public let dev: Predictions

    init(history: [EpochRecord], dev: Predictions) {
        self.history = history
        self.dev = dev
    }

    /// Of a head.
    public init(_ head: TrainedHead) { self.init(history: head.history, dev: head.dev) }
}
