import Foundation
import GRDB
import Heads
import Search
import Support
import Training

/// What a run has found so far, in `run.sqlite` of its directory: a process that is killed at any
/// moment leaves a store from which the run can be resumed.
///
/// Writes are collected and committed about four times a second by one writer; a finished training is
/// committed at once. All methods may be called from any thread. A failed write is thrown by the next
/// call, and nothing is written after it.
public final class RunStore: @unchecked Sendable {
    /// What to do with a run that already exists.
    public enum Mode: Sendable, Hashable {
        /// There must be none.
        case new
        /// It is removed.
        case overwrite
        /// It is resumed; where there is nothing at all, a new one is started.
        case resume
    }

    /// How long a finished result may wait for its commit, in seconds.
    private static let delay = 0.25

    /// The run's directory.
    public let directory: URL
    /// Whether the run existed before.
    public let isResumed: Bool
    private let runLock: RunLock
    let queue: DatabaseQueue
    private let writer = DispatchQueue(label: "knas.run-store.writer")
    private let lock = NSLock()
    private var pending: [@Sendable (Database) throws -> Void] = []
    private var isScheduled = false
    private var isClosed = false
    private var failure: (any DiagnosedError)?

    /// Starts a run in a directory that has none.
    /// - Throws: ``RunStoreError``, `FileError`.
    public convenience init(
        creating directory: URL, identity: RunIdentity, overwriting: Bool = false
    ) throws {
        try self.init(directory, identity: identity, mode: overwriting ? .overwrite : .new)
    }

    /// Resumes the run in a directory.
    /// - Throws: ``RunStoreError``, `FileError`; `FileError/missing` where there is no store.
    public convenience init(opening directory: URL, identity: RunIdentity) throws {
        guard RunFiles.hasStore(directory) else {
            throw FileError.missing(path: StoreFile.url(directory).path)
        }
        try self.init(directory, identity: identity, mode: .resume)
    }

    /// Creates the directory where it is missing, takes its lock, then does what `mode` says.
    /// - Throws: ``RunStoreError``, `FileError`.
    public init(_ directory: URL, identity: RunIdentity, mode: Mode) throws {
        try FileError.createDirectory(directory)
        runLock = try RunLock(directory)
        self.directory = directory
        let url = StoreFile.url(directory)
        switch mode {
        case .new where RunFiles.holdsRun(directory) && !RunFiles.holdsNothing(directory):
            throw RunStoreError.alreadyThere(path: directory.path)
        case .resume where RunFiles.hasStore(directory): isResumed = true
        case .resume where RunFiles.hasResults(directory):
            throw RunStoreError.nothingToResume(path: directory.path)
        case .overwrite:
            try RunFiles.remove(directory)
            isResumed = false
        case .new, .resume: isResumed = false
        }
        RunFiles.removeLeftovers(directory)
        if !isResumed {
            try StoreFile.create(url) { database in
                for (name, value) in identity.rows {
                    try database.execute(
                        sql: "INSERT INTO identity VALUES (?, ?)", arguments: [name, value])
                }
                try Self.set(database, "created", Self.now)
            }
        }
        queue = try StoreFile.open(url)
        let stored = try Self.identity(queue, path: url.path)
        if let difference = stored.difference(from: identity) {
            let isData = difference.own == stored.data && stored.data != identity.data
            if isData {
                throw RunStoreError.otherData(
                    path: directory.path, files: stored.changedFiles(from: identity))
            }
            throw RunStoreError.otherRun(
                path: directory.path, field: difference.field, stored: difference.own,
                given: difference.other)
        }
    }

    /// Nothing else holds the store any more, so no write is under way. The last to release it may
    /// be the writer's own queue, so it is not waited for.
    deinit {
        guard !isClosed else { return }
        drain()
        try? queue.close()
        runLock.release()
    }

    // MARK: Writing

    /// Stores a candidate.
    /// - Throws: the error of an earlier write.
    public func append(_ candidate: Candidate) throws {
        try enqueue { try CandidateTable.insert(candidate, $0) }
    }

    /// Stores an epoch of a training in progress.
    /// - Throws: the error of an earlier write.
    public func appendEpoch(_ key: TrainingKey, _ epoch: EpochRecord) throws {
        try enqueue { try TrainingTable.insert(key, epoch, $0) }
    }

    /// Stores what a training gave; it is on the disk when this returns.
    /// - Throws: ``RunStoreError``, `FileError`.
    public func finish(_ key: TrainingKey, _ training: StoredTraining) throws {
        try finish(key, TrainingRecord(training))
    }

    /// The same for the tables' form of it.
    func finish(_ key: TrainingKey, _ record: TrainingRecord) throws {
        try enqueue { try TrainingTable.insert(key, record, $0) }
        try flush()
    }

    /// Notes which stage the run is in, and the seconds that the stages have taken so far.
    /// - Throws: the error of an earlier write.
    public func enter(stage: String, timings: [String: Double] = [:]) throws {
        try enqueue { database in
            try Self.set(database, "stage", stage)
            try Self.set(database, "updated", Self.now)
            for (name, seconds) in timings {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO timings VALUES (?, ?)",
                    arguments: [name, seconds.bits])
            }
        }
    }

    /// Keeps a text under a name, for a later process of the same run.
    /// - Throws: the error of an earlier write.
    public func keep(_ text: String, as name: String) throws {
        try enqueue { try Self.set($0, name, text) }
        try flush()
    }

    /// The stage that a finished run is in.
    public static let completeStage = "complete"

    /// Commits what is pending.
    /// - Throws: ``RunStoreError``, `FileError`.
    public func flush() throws {
        writer.sync { drain() }
        if let failure = lock.withLock({ failure }) { throw failure }
    }

    /// Commits what is pending and releases the directory; nothing may be written afterwards.
    /// Closing again does nothing.
    /// - Throws: ``RunStoreError``, `FileError`.
    public func close() throws {
        let wasClosed = lock.withLock {
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        defer {
            try? queue.close()
            runLock.release()
        }
        try flush()
    }

    private func enqueue(_ write: @escaping @Sendable (Database) throws -> Void) throws {
        try lock.withLock {
            if let failure { throw failure }
            pending.append(write)
            guard !isScheduled else { return }
            isScheduled = true
            writer.asyncAfter(deadline: .now() + Self.delay) { [weak self] in self?.drain() }
        }
    }

    /// On the writer's queue only.
    private func drain() {
        let writes = lock.withLock {
            defer { pending = [] }
            isScheduled = false
            return failure == nil ? pending : []
        }
        guard !writes.isEmpty else { return }
        do {
            try queue.write { database in
                for write in writes { try write(database) }
            }
        } catch {
            let diagnosis = RunStoreError.diagnose(
                error, path: StoreFile.url(directory).path, reading: false)
            lock.withLock { failure = diagnosis }
        }
    }

    static func set(_ database: Database, _ name: String, _ value: String) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO state VALUES (?, ?)", arguments: [name, value])
    }

    /// In seconds since 1970, with fractions.
    private static var now: String { "\(Date().timeIntervalSince1970)" }
}
