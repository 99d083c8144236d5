import Foundation

/// Standard input, output and error. Nothing else in this program reads or writes them
/// (`Scripts/check-streams`), so what happens when one of them fails is decided here:
///
/// - Diagnostics that cannot be written are dropped, and the work goes on.
/// - A standard output that cannot be written is an error: output that is lost is no success.
/// - A reader that has gone (`knas predict ... | head`) is ``ReaderGone``, which ends the program
///   quietly, as it does in `ripgrep`.
/// - Standard input that is closed, or is a directory, is an error.
public enum StandardStreams {
    /// Makes the three streams safe to use; to be called before any file is opened.
    ///
    /// A file that is opened while one of them is closed would get its number, and everything
    /// written to that stream would end in the file. So a closed one becomes `/dev/null`, opened
    /// the wrong way round: using it fails as it did before.
    public static func open() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            let placeholder = Foundation.open(
                "/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
            if placeholder >= 0, placeholder != descriptor {
                dup2(placeholder, descriptor)
                Foundation.close(placeholder)
            }
        }
        // A write to a pipe without a reader, or beyond a limit on the size of files, fails with an
        // error of its own instead of ending the process.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// The descriptor that a path stands for: `/dev/stdout`, `/dev/fd/1`.
    static func descriptor(_ path: String) -> Int32? {
        switch path {
        case "/dev/stdin": return STDIN_FILENO
        case "/dev/stdout": return STDOUT_FILENO
        case "/dev/stderr": return STDERR_FILENO
        default: break
        }
        for directory in ["/dev/fd/", "/proc/self/fd/", "/proc/\(getpid())/fd/"]
        where path.hasPrefix(directory) {
            return Int32(path.dropFirst(directory.count))
        }
        return nil
    }

    // MARK: Output

    static let output = STDOUT_FILENO

    /// Writes a result, at once and whole.
    /// - Throws: ``ReaderGone``, ``StreamError``.
    public static func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// Writes a result and a line end.
    /// - Throws: ``ReaderGone``, ``StreamError``.
    public static func writeLine(_ line: String) throws { try write(line + "\n") }

    /// Writes a result, at once and whole.
    /// - Throws: ``ReaderGone``, ``StreamError``.
    public static func write(_ bytes: UnsafeRawBufferPointer) throws {
        try checked { () throws(SystemError) in
            try Descriptor.write(bytes, to: STDOUT_FILENO)
        }
    }

    /// To be called at the end of the program: a network drive may only now say that what was
    /// written is lost.
    /// - Throws: ``StreamError``.
    public static func close() throws {
        try checked { () throws(SystemError) in
            guard fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE != O_RDONLY else { return }
            if Foundation.close(STDOUT_FILENO) != 0, errno != EINTR { throw SystemError() }
        }
    }

    private static func checked(_ body: () throws(SystemError) -> Void) throws {
        do {
            try body()
        } catch {
            if error.code == EPIPE { throw ReaderGone() }
            throw StreamError.output(reason: error.written)
        }
    }

    // MARK: Diagnostics

    /// Whether progress can be drawn on standard error.
    public static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a message, if that is possible.
    public static func diagnose(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            try? Descriptor.write(UnsafeRawBufferPointer(bytes), to: STDERR_FILENO)
        }
    }

    /// The same in a signal handler, which must neither allocate nor wait: a message that nobody
    /// takes is dropped.
    public static func diagnose(inHandler text: UnsafePointer<CChar>, count: Int) {
        guard Descriptor.isReady(STDERR_FILENO, Int32(POLLOUT)) else { return }
        _ = Foundation.write(STDERR_FILENO, text, count)
    }

    // MARK: Input

    /// Whether there is somebody who can be asked.
    public static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks a question.
    /// - Returns: the answer, without its line end; `nil` where the input ends.
    public static func ask(_ question: String) -> String? {
        diagnose(question)
        return readLine()
    }

    /// Reads what there is, at least one byte.
    /// - Returns: the number of bytes; 0 at the end.
    /// - Throws: ``StreamError``.
    public static func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        do {
            return try Descriptor.read(into: buffer, from: STDIN_FILENO)
        } catch {
            throw StreamError.input(reason: error.read)
        }
    }
}

extension SystemError {
    // A closed stream was replaced by one that is opened the wrong way round.
    fileprivate var written: String { code == EBADF ? "it is closed" : reason }
    fileprivate var read: String {
        code == EBADF ? "it is closed" : code == EISDIR ? "it is a directory" : reason
    }
}

/// A standard stream that cannot be used.
public enum StreamError: DiagnosedError, Equatable {
    case input(reason: String)
    case output(reason: String)

    public var kind: ErrorKind { .inputOutput }

    public var description: String {
        switch self {
        case .input(let reason): "standard input cannot be read: \(reason)"
        case .output(let reason): "standard output cannot be written: \(reason)"
        }
    }
}

/// Whoever read the output has gone: there is nothing left to do, and nothing to complain about.
public struct ReaderGone: Error, Equatable {
    public init() {}
}
