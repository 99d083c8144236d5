import Foundation
import GRDB
import Support

/// Errors of run stores.
public enum RunStoreError: DiagnosedError, Equatable {
    /// A new run was requested where there is one.
    case alreadyThere(path: String)
    /// The directory holds results, but not the store they were made from.
    case nothingToResume(path: String)
    /// The stored run was started with different options.
    case otherRun(path: String, field: String, stored: String, given: String)
    /// The stored run was started on other data: the files that have changed; none where only the task's
    /// choice of rows has, or where the run does not know.
    case otherData(path: String, files: [String])
    /// A part belongs to a different run than the one to merge it into.
    case foreignPart(path: String, field: String, stored: String, given: String)
    /// Another process is working on the run.
    case inUse(path: String, holder: String)
    case notAStore(path: String, reason: String)
    case damaged(path: String, reason: String)
    case newer(path: String, found: Int, known: Int)
    /// The format of an earlier version.
    case older(path: String, found: Int, known: Int)
    /// The database was moved, removed or replaced during the run.
    case removed(path: String)
    /// A fault of the disk or of the system, e.g. a full disk.
    case failed(path: String, reason: String)

    public var kind: ErrorKind {
        switch self {
        case .alreadyThere, .otherRun, .otherData, .inUse: .usage
        case .nothingToResume: .missingFile
        case .notAStore, .damaged, .newer, .older, .foreignPart: .badInput
        case .removed, .failed: .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .alreadyThere(let path):
            "\(path) already holds a run: continue it with --resume, replace it with --overwrite, "
                + "or choose another directory with --run"
        case .nothingToResume(let path):
            "\(path) holds results but no run.sqlite, so there is nothing to resume; "
                + "start over with --overwrite, or choose another directory with --run"
        case .otherRun(let path, let field, let stored, let given):
            "\(path) holds another run: its \(field) is \(stored), this one's is \(given); "
                + "repeat the options that it was started with, or start over with --overwrite"
        case .otherData(let path, let files):
            "\(path) holds a run on other data: the data changed: "
                + (files.isEmpty
                    ? "the rows that the task takes of its files, or a file"
                    : files.joined(separator: ", "))
                + "; restore it, start over with --overwrite, or choose another directory with --run"
        case .foreignPart(let path, let field, let stored, let given):
            "\(path) is a part of another run: its \(field) is \(given), this run's is \(stored)"
        case .inUse(let path, let holder):
            "\(path) is in use by \(holder); wait for it to end, or choose another directory "
                + "with --run"
        case .notAStore(let path, let reason):
            "\(path) is not the store of a run: \(reason)"
        case .damaged(let path, let reason):
            "\(path) is damaged: \(reason); start over with --overwrite"
        case .newer(let path, let found, let known):
            "\(path) was made by a newer version of the program (format \(found), this one reads "
                + "\(known))"
        case .older(let path, let found, let known):
            "\(path) was made by an earlier version of the program (format \(found), this one "
                + "reads \(known)); start over with --overwrite"
        case .removed(let path):
            "\(path) was moved, removed or replaced during the run; what came after is lost"
        case .failed(let path, let reason):
            "\(path): \(reason); what was finished before is kept, continue with --resume"
        }
    }

    /// Lets `body` work with a database.
    /// - Throws: the errors that correspond to the database's.
    static func diagnosing<Result>(
        _ path: String, reading: Bool, _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch { throw diagnose(error, path: path, reading: reading) }
    }

    /// The error that corresponds to one of the database's.
    static func diagnose(_ error: any Error, path: String, reading: Bool) -> any DiagnosedError {
        if let error = error as? any DiagnosedError { return error }
        guard let error = error as? DatabaseError else {
            return RunStoreError.failed(path: path, reason: "\(error)")
        }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.extendedResultCode {
        case .SQLITE_READONLY_DBMOVED: return RunStoreError.removed(path: path)
        default: break
        }
        switch error.resultCode {
        case .SQLITE_NOTADB: return RunStoreError.notAStore(path: path, reason: reason)
        case .SQLITE_CORRUPT, .SQLITE_FORMAT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH,
            .SQLITE_TOOBIG, .SQLITE_ERROR:
            return RunStoreError.damaged(path: path, reason: reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return RunStoreError.inUse(path: path, holder: "another program")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            return reading
                ? FileError.notReadable(path: path, reason: reason)
                : FileError.notWritable(path: path, reason: reason)
        case .SQLITE_FULL: return RunStoreError.failed(path: path, reason: "the disk is full")
        default: return RunStoreError.failed(path: path, reason: reason)
        }
    }
}
