import Foundation
import GRDB
import Graphs
import Heads
import Search
import Support

extension RunStore {
    /// The candidates so far, in order; genotypes are read in the spaces of the run.
    /// - Throws: ``RunStoreError/damaged(path:reason:)``.
    public func candidates(in spaces: SearchSpaces) throws -> [Candidate] {
        try read { try CandidateTable.all($0, spaces: spaces, path: $1) }
    }

    /// What a training gave; `nil` where it is not finished.
    /// - Parameter graph: the head's.
    /// - Throws: ``RunStoreError/damaged(path:reason:)``, also where the head has other parameters.
    public func training(
        _ key: TrainingKey, of graph: @autoclosure () throws -> Graph
    ) throws -> StoredTraining? {
        try record(key)?.training(
            of: try graph(), key: key, path: StoreFile.url(directory).path)
    }

    /// The tables' form of a training; `nil` where it is not finished.
    func record(_ key: TrainingKey) throws -> TrainingRecord? {
        try read { try TrainingTable.find(key, $0, path: $1) }
    }

    /// Seconds that each stage took in earlier processes.
    /// - Throws: ``RunStoreError``.
    public func timings() throws -> [String: Double] {
        try read { database, _ in
            var result: [String: Double] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT name, seconds FROM timings") {
                guard let name = String.fromDatabaseValue(row[0]),
                    let bits = Int64.fromDatabaseValue(row[1])
                else { continue }
                let seconds = Double(bits: bits)
                if seconds.isFinite, seconds >= 0 { result[name] = seconds }
            }
            return result
        }
    }

    /// Whether a directory holds the store of a run.
    public static func exists(_ directory: URL) -> Bool { RunFiles.hasStore(directory) }

    /// What ``keep(_:as:)`` kept in the store of a run; `nil` where nothing was kept, or there is no
    /// store.
    /// - Throws: ``RunStoreError``, `FileError`.
    public static func text(_ name: String, ofRun directory: URL) throws -> String? {
        guard RunFiles.hasStore(directory) else { return nil }
        let url = StoreFile.url(directory)
        let queue = try StoreFile.openForReading(url)
        defer { try? queue.close() }
        return try RunStoreError.diagnosing(url.path, reading: true) {
            try queue.read { try pairs($0, "state")[name] }
        }
    }

    private func read<Value>(_ body: (Database, String) throws -> Value) throws -> Value {
        try flush()
        let path = StoreFile.url(directory).path
        return try RunStoreError.diagnosing(path, reading: true) {
            try queue.read { try body($0, path) }
        }
    }

    static func identity(_ queue: DatabaseQueue, path: String) throws -> RunIdentity {
        let rows = try RunStoreError.diagnosing(path, reading: true) {
            try queue.read { try pairs($0, "identity") }
        }
        guard let identity = RunIdentity(rows: rows) else {
            throw RunStoreError.damaged(
                path: path, reason: "it does not say which run it belongs to")
        }
        return identity
    }

    /// The rows of a table of names and values.
    static func pairs(_ database: Database, _ table: String) throws -> [String: String] {
        var result: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT name, value FROM \(table)") {
            guard let name = String.fromDatabaseValue(row[0]),
                let value = String.fromDatabaseValue(row[1])
            else { continue }
            result[name] = value
        }
        return result
    }
}
