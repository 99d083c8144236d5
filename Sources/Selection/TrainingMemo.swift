import Graphs
import RunStore
import Training

/// Trainings that were finished before, in this process or an earlier one of the same run: they are
/// taken from the run's store instead of being repeated. Without a store nothing is kept.
public struct TrainingMemo: Sendable {
    private let store: RunStore?
    /// Whether nothing is trained that was not trained before: a run that ends with what there is.
    let isClosed: Bool

    /// Keeps nothing.
    public static let none = TrainingMemo(nil)

    /// - Parameters:
    ///   - store: where trainings are found and kept.
    ///   - isClosed: whether nothing is trained that was not trained before.
    public init(_ store: RunStore?, isClosed: Bool = false) {
        self.store = store
        self.isClosed = isClosed
    }

    /// Trains a head, unless that was done before; see ``RunStore/head(_:of:onEpoch:training:)``.
    /// - Throws: also ``LeftOut``.
    func train(
        _ key: TrainingKey, _ graph: @autoclosure () -> Graph,
        onEpoch: @escaping (EpochRecord) throws -> Void,
        training body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainedHead {
        guard let store else { return try body(onEpoch) }
        if isClosed {
            return try store.head(key, of: graph(), onEpoch: onEpoch) { _ in throw LeftOut() }
        }
        return try store.head(key, of: graph(), onEpoch: onEpoch, training: body)
    }

    /// The same without keeping the weights; see ``RunStore/outcome(_:onEpoch:training:)``.
    func outcome(
        _ key: TrainingKey, onEpoch: @escaping (EpochRecord) throws -> Void,
        training body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainingOutcome {
        guard let store else { return TrainingOutcome(try body(onEpoch)) }
        if isClosed {
            return try store.outcome(key, onEpoch: onEpoch) { _ in throw LeftOut() }
        }
        return try store.outcome(key, onEpoch: onEpoch, training: body)
    }

    /// Fits a head's path of penalties, unless that was done before.
    /// - Parameters:
    ///   - keys: where each strength's fit is kept.
    ///   - isWanted: whether it is fitted even where nothing else is.
    /// - Throws: also ``LeftOut``.
    public func fit(
        _ keys: [TrainingKey], _ graph: Graph, isWanted: Bool = true,
        fitting body: () throws -> LogisticPath
    ) throws -> [TrainedHead] {
        guard let store else { return try body().heads }
        var known: [TrainedHead] = []
        for key in keys {
            guard case .trained(let head) = try store.training(key, of: graph) else { break }
            known.append(head)
        }
        if LogisticPath.isComplete(known) { return known }
        if isClosed, !isWanted { throw LeftOut() }
        let fits = try body().heads
        for (key, fit) in zip(keys, fits) { try store.finish(key, .trained(fit)) }
        return fits
    }
}
