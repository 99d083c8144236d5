import Foundation
import GRDB
import Support

/// What a store says about its run, without resuming it.
public struct RunStoreSummary: Sendable {
    /// Which run it is.
    public let identity: RunIdentity
    /// When the run was started.
    public let created: Date?
    /// When the run last entered a stage.
    public let updated: Date?
    /// The stage it is or was in; `nil` where it was stopped before the first.
    public let stage: String?
    /// Whether a process is working on it.
    public let isRunning: Bool
    /// Number of heads that were scored.
    public let scored: Int
    /// Number of heads that could not be scored.
    public let failed: Int
    /// Trainings that are finished.
    public let trainings: Int

    /// Whether the run came to its end.
    public var isComplete: Bool { stage == RunStore.completeStage }

    /// Reads the store of a directory; a run in progress is not disturbed.
    /// - Throws: ``RunStoreError``, `FileError`.
    public init(_ directory: URL) throws {
        let url = StoreFile.url(directory)
        let queue = try StoreFile.openForReading(url)
        defer { try? queue.close() }
        identity = try RunStore.identity(queue, path: url.path)
        let (state, counts) = try RunStoreError.diagnosing(url.path, reading: true) {
            try queue.read { database in
                let tables = [
                    "candidates WHERE failure IS NULL", "candidates WHERE failure IS NOT NULL",
                    "trainings",
                ]
                return (
                    try RunStore.pairs(database, "state"),
                    try tables.map {
                        try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? 0
                    }
                )
            }
        }
        func date(_ name: String) -> Date? {
            state[name].flatMap(Double.init).flatMap {
                $0.isFinite ? Date(timeIntervalSince1970: $0) : nil
            }
        }
        created = date("created")
        updated = date("updated")
        stage = state["stage"]
        (scored, failed, trainings) = (counts[0], counts[1], counts[2])
        isRunning = RunLock.isHeld(directory)
    }

    /// Removes a run that no process is working on: results and store. The directory goes too when
    /// nothing else is in it.
    /// - Throws: ``RunStoreError/inUse(path:holder:)``, `FileError`.
    public static func remove(_ directory: URL) throws {
        let lock = try RunLock(directory)
        try RunFiles.remove(directory)
        lock.release()
        _ = rmdir(directory.path)
    }
}
