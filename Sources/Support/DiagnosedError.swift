import Foundation

/// What went wrong, as far as the process that started us is concerned.
///
/// The raw value is the exit code of the command line (the numbers of BSD's `sysexits.h`).
public enum ErrorKind: Int32, Sendable, CaseIterable {
    /// The command was used wrongly: an unknown option, name or value.
    case usage = 64
    /// A file exists but its content is wrong.
    case badInput = 65
    /// A file or directory that is needed does not exist or cannot be opened.
    case missingFile = 66
    /// A file cannot be written, or output goes nowhere.
    case inputOutput = 74
    /// A fault of the program or of the machine.
    case internalError = 70
    /// Stopped by the user; what was finished is kept.
    case interrupted = 130
}

/// An error that knows how it should be shown to a user.
///
/// Every target has one enumeration that conforms; each case says what was expected, what was found
/// and where (file, line, column or tensor name) in ``Swift/CustomStringConvertible/description``.
public protocol DiagnosedError: Error, CustomStringConvertible, Sendable {
    /// Decides the exit code of the command line.
    var kind: ErrorKind { get }
}

/// Errors of reading and writing files.
public enum FileError: DiagnosedError, Equatable {
    case missing(path: String)
    case notReadable(path: String, reason: String)
    case notWritable(path: String, reason: String)

    public var kind: ErrorKind {
        switch self {
        case .missing, .notReadable: .missingFile
        case .notWritable: .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .missing(let path): "\(path): no such file or directory"
        case .notReadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notWritable(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}

extension FileError {
    /// What the system says of the call that has just failed.
    package static var systemReason: String { String(cString: strerror(errno)) }

    /// What the call that has just failed says of a path that was to be read.
    package static func unreadable(_ path: String) -> FileError {
        errno == ENOENT || errno == ENOTDIR
            ? .missing(path: path) : .notReadable(path: path, reason: systemReason)
    }

    /// The names in a directory, sorted.
    /// - Parameter expected: what the directory is to be, e.g. `a folder of runs`.
    /// - Throws: ``FileError``; says what was expected where there is something else.
    public static func names(in url: URL, expected: String) throws -> [String] {
        let path = url.relativePath
        var status = stat()
        guard stat(path, &status) == 0 else { throw unreadable(path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw notReadable(path: path, reason: "expected \(expected), found a file")
        }
        guard access(path, R_OK | X_OK) == 0 else { throw unreadable(path) }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw notReadable(path: path, reason: error.localizedDescription)
        }
    }

    /// Lets `body` write something under a path.
    /// - Throws: ``notWritable(path:reason:)`` for any error that is neither a ``DiagnosedError``
    ///   nor ``ReaderGone``.
    package static func writing<Result>(_ url: URL, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as any DiagnosedError {
            throw error
        } catch let error as ReaderGone {
            throw error
        } catch {
            throw FileError.notWritable(path: url.path, reason: error.localizedDescription)
        }
    }

    /// Creates a directory and those above it, where they are missing.
    /// - Throws: ``notWritable(path:reason:)``.
    package static func createDirectory(_ url: URL) throws {
        try writing(url) {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
    }

    /// Gives a file its name; one that has it already is replaced.
    /// - Throws: ``notWritable(path:reason:)``.
    package static func rename(_ file: URL, to url: URL) throws {
        guard Foundation.rename(file.path, url.path) == 0 else {
            throw notWritable(path: url.path, reason: systemReason)
        }
    }
}

/// The user asked for a stop; what was finished is kept.
public struct Interrupted: DiagnosedError, Equatable {
    public init() {}
    public var kind: ErrorKind { .interrupted }
    public var description: String { "interrupted" }
}
