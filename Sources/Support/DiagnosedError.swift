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

/// The user asked for a stop; what was finished is kept.
public struct Interrupted: DiagnosedError, Equatable {
    public init() {}
    public var kind: ErrorKind { .interrupted }
    public var description: String { "interrupted" }
}
