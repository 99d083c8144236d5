import Foundation
import GRDB
import Support

/// Parts of a run that were computed elsewhere: a part is a separate store, in one file, with the
/// identity of the run that it belongs to and some of its rows.
extension RunStore {
    /// Rows that parts carry; the others belong to a single process.
    private static let tables = ["candidates", "scores", "epochs", "trainings"]

    /// What a merge has taken over, including what was there before.
    public struct Merged: Sendable, Hashable, Codable {
        /// Number of candidates.
        public var candidates = 0
        /// Number of finished trainings.
        public var trainings = 0

        public init() {}
    }

    /// Which run a directory holds.
    /// - Throws: ``RunStoreError``, `FileError`.
    public static func identity(ofRun directory: URL) throws -> RunIdentity {
        let url = StoreFile.url(directory)
        let queue = try StoreFile.openForReading(url)
        defer { try? queue.close() }
        return try identity(queue, path: url.path)
    }

    /// Writes a part; it gets its name when `body` has returned, and nothing is left when that
    /// fails.
    /// - Throws: ``RunStoreError``, `FileError`, what `body` throws.
    public static func writePart(
        _ url: URL, identity: RunIdentity, _ body: (RunStore) throws -> Void
    ) throws {
        // In the same directory as the part, so the last step is a rename; a pipe is given a copy.
        let place = try AtomicFile.file(url)
        let directory = place?.deletingLastPathComponent() ?? FileManager.default.temporaryDirectory
        let workspace = directory.appendingPathComponent(
            ".\(url.lastPathComponent).\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: workspace) }
        try FileError.writing(url) {
            try FileManager.default.createDirectory(
                at: workspace, withIntermediateDirectories: true)
        }
        let store = try RunStore(creating: workspace, identity: identity)
        defer { try? store.close() }
        try body(store)
        try store.close()
        if let place {
            try FileError.rename(StoreFile.url(workspace), to: place)
        } else {
            let part = try MappedFile(StoreFile.url(workspace))
            try AtomicFile.write(to: url) { try $0.write(part.bytes) }
        }
    }

    /// Takes over the results of a part. Merging a part twice, or parts in another order, makes no
    /// difference.
    ///
    /// - Throws: ``RunStoreError/foreignPart(path:field:stored:given:)`` for a part of another run,
    ///   ``RunStoreError/damaged(path:reason:)``, `FileError`; nothing of it is taken over then.
    public func merge(_ part: URL) throws -> Merged {
        let own = try Self.identity(queue, path: StoreFile.url(directory).path)
        let source = try StoreFile.open(part, readonly: true)
        defer { try? source.close() }
        let other = try Self.identity(source, path: part.path)
        if let difference = own.difference(from: other) {
            throw RunStoreError.foreignPart(
                path: part.path, field: difference.field, stored: difference.own,
                given: difference.other)
        }
        var merged = Merged()
        var rows: [(table: String, rows: [Row])] = []
        try RunStoreError.diagnosing(part.path, reading: true) {
            try source.read { database in
                merged.candidates = try CandidateTable.check(database, path: part.path)
                merged.trainings = try TrainingTable.check(database, path: part.path)
                for table in Self.tables {
                    rows.append((table, try Row.fetchAll(database, sql: "SELECT * FROM \(table)")))
                }
            }
        }
        try flush()
        try RunStoreError.diagnosing(StoreFile.url(directory).path, reading: false) {
            try queue.write { database in
                for (table, rows) in rows {
                    for row in rows {
                        let places = Array(repeating: "?", count: row.count)
                            .joined(separator: ", ")
                        try database.execute(
                            sql: "INSERT OR REPLACE INTO \(table) VALUES (\(places))",
                            arguments: StatementArguments(row.databaseValues))
                    }
                }
            }
        }
        return merged
    }
}
