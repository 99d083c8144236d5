import Graphs
import Training

extension RunStore {
    /// The head that a training gives: the stored one where it was finished before, else the one that is
    /// trained now, which is stored.
    ///
    /// - Parameters:
    ///   - key: which training it is; the same key must always give the same result.
    ///   - graph: the head's.
    ///   - onEpoch: told about every epoch, those of a stored training too.
    ///   - body: trains; tells the closure that it is given about every epoch.
    /// - Throws: what `body` and `onEpoch` throw; ``TrainingError/diverged(epoch:)`` where it did so
    ///   before; ``RunStoreError``, `FileError`.
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
        var history: [EpochRecord] = []
        do {
            let head = try body { record in
                history.append(record)
                try appendEpoch(key, record)
                try onEpoch(record)
            }
            try finish(key, .trained(head))
            return head
        } catch TrainingError.diverged(let epoch) {
            try finish(key, .diverged(epoch: epoch, history: history))
            throw TrainingError.diverged(epoch: epoch)
        }
    }
}
