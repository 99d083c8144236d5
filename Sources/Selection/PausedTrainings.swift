import Foundation
import RunStore
import Training

/// Trainings that pause until it is known whether they are worth going on with. One that is not here
/// (in an earlier process, say) is begun anew by whoever needs it, and ends with the same bits.
final class PausedTrainings: @unchecked Sendable {
    private let lock = NSLock()
    private var trainings: [TrainingKey: HeadTraining] = [:]

    /// Hands a training over to the caller, who runs it on one thread.
    func take(_ key: TrainingKey) -> HeadTraining? {
        lock.withLock { trainings.removeValue(forKey: key) }
    }

    /// Keeps a training until it is taken or dropped.
    func keep(_ training: HeadTraining, _ key: TrainingKey) {
        lock.withLock { trainings[key] = training }
    }

    /// Drops all but these.
    func drop(except keys: Set<TrainingKey>) {
        lock.withLock { trainings = trainings.filter { keys.contains($0.key) } }
    }
}
