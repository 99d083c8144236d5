import Foundation
import GRDB
import Support

/// How `run.sqlite` is opened.
///
/// A rollback journal rather than a write-ahead log: one process writes, a few times per second, so
/// a log would gain nothing; the run is a single file whenever nothing is being written; nothing is
/// memory-mapped, so a file that is truncated under a running program is no crash; it works on
/// network drives; and SQLite notices when the file was moved or removed. `synchronous = FULL`:
/// what was committed survives a power failure; with at most a few commits a second that costs next
/// to nothing.
enum StoreFile {
    static let name = "run.sqlite"

    static func url(_ directory: URL) -> URL { directory.appendingPathComponent(name) }

    /// All files that SQLite may have created.
    static func all(_ directory: URL) -> [URL] {
        ["", "-journal", "-wal", "-shm", ".new", ".new-journal"].map {
            directory.appendingPathComponent(name + $0)
        }
    }

    /// Opens a database that exists.
    /// - Throws: ``RunStoreError``, `FileError`.
    static func open(_ url: URL, readonly: Bool = false) throws -> DatabaseQueue {
        try checkFile(url)
        var configuration = configuration
        configuration.readonly = readonly
        return try RunStoreError.diagnosing(url.path, reading: readonly) {
            let queue = try DatabaseQueue(path: url.path, configuration: configuration)
            try queue.unsafeReentrantRead { try Schema.check($0, path: url.path) }
            return queue
        }
    }

    /// Opens a database that exists, to be read: for writing first, as a write that was interrupted could
    /// not be rolled back otherwise.
    /// - Throws: ``RunStoreError``, `FileError`.
    static func openForReading(_ url: URL) throws -> DatabaseQueue {
        do {
            return try open(url)
        } catch FileError.notWritable {
            return try open(url, readonly: true)
        }
    }

    /// Opens a database for one short read that holds up no writer: it is not checked as a whole, and where
    /// somebody writes, the read soon fails.
    /// - Throws: ``RunStoreError``, `FileError`.
    static func openToLook(_ url: URL) throws -> DatabaseQueue {
        try checkFile(url)
        var configuration = configuration
        configuration.readonly = true
        configuration.busyMode = .timeout(0.1)
        return try RunStoreError.diagnosing(url.path, reading: true) {
            let queue = try DatabaseQueue(path: url.path, configuration: configuration)
            try queue.read { try Schema.checkFormat($0, path: url.path) }
            return queue
        }
    }

    /// Makes a database with its tables and fills it; it gets its name when it is complete.
    /// - Throws: ``RunStoreError``, `FileError`.
    static func create(_ url: URL, _ fill: (Database) throws -> Void) throws {
        let temporary = url.deletingLastPathComponent().appendingPathComponent(name + ".new")
        let manager = FileManager.default
        for suffix in ["", "-journal"] {
            try? manager.removeItem(atPath: temporary.path + suffix)
        }
        do {
            let queue = try DatabaseQueue(path: temporary.path, configuration: configuration)
            try queue.write {
                try Schema.create($0)
                try fill($0)
            }
            try queue.close()
        } catch {
            try? manager.removeItem(at: temporary)
            throw RunStoreError.diagnose(error, path: url.path, reading: false)
        }
        try FileError.rename(temporary, to: url)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "knas.run-store"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            // A file's schema may not call functions, and the sizes of its cells are limited.
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
            try database.execute(sql: "PRAGMA mmap_size = 0")
            guard !database.configuration.readonly else { return }
            try database.execute(sql: "PRAGMA journal_mode = DELETE")
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
    }

    /// A regular file with something in it: SQLite would take an empty one for an empty database.
    private static func checkFile(_ url: URL) throws {
        var status = stat()
        guard stat(url.path, &status) == 0 else { throw FileError.unreadable(url.path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw RunStoreError.notAStore(path: url.path, reason: "expected a file")
        }
        guard status.st_size > 0 else {
            throw RunStoreError.notAStore(path: url.path, reason: "the file is empty")
        }
    }
}
