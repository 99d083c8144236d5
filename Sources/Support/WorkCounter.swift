import Foundation

/// Counts work that several threads finish, and reports it.
public final class WorkCounter: @unchecked Sendable {
    private let lock = NSLock()
    /// The name that progress is reported under.
    public let stage: String
    private let total: Int
    private let unit: String
    private let progress: ProgressHandler?
    private var completed = 0

    /// - Parameters:
    ///   - total: how much there is to do.
    ///   - unit: what is counted, e.g. `heads`.
    public init(stage: String, total: Int, unit: String = "epochs", progress: ProgressHandler?) {
        self.stage = stage
        self.total = total
        self.unit = unit
        self.progress = progress
    }

    /// Adds finished work and reports the sum; adding 0 only asks whether to stop.
    /// - Throws: `Interrupted` when a stop was requested.
    public func add(_ count: Int) throws {
        let now = lock.withLock {
            completed += count
            return completed
        }
        try WorkProgress(stage: stage, completed: now, total: total, unit: unit)
            .report(to: progress)
    }
}
