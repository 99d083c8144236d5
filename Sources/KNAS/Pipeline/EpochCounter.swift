import Foundation
import Support

/// Counts work that several threads finish, and reports it.
final class EpochCounter: @unchecked Sendable {
    private let lock = NSLock()
    let stage: String
    private let total: Int
    private let unit: String
    private let progress: ProgressHandler?
    private var completed = 0

    init(stage: String, total: Int, unit: String = "epochs", progress: ProgressHandler?) {
        self.stage = stage
        self.total = total
        self.unit = unit
        self.progress = progress
    }

    /// - Throws: `Interrupted` when a stop was asked for.
    func add(_ count: Int) throws {
        let now = lock.withLock {
            completed += count
            return completed
        }
        try WorkProgress(stage: stage, completed: now, total: total, unit: unit)
            .report(to: progress)
    }
}
