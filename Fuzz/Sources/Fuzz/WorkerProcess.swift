import Foundation

/// A worker as its coordinator sees it.
struct WorkerProcess {
    private let identifier: pid_t

    /// How it ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    /// Starts this program again with other arguments; what it prints goes into `log`.
    init(_ arguments: [String], home: URL, log: URL) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [Int32(1), 2] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var environment = ProcessInfo.processInfo.environment
        environment["KNAS_HOME"] = home.path
        environment["KNAS_CACHE"] = home.path
        environment["TMPDIR"] = home.path
        // Traps are reported here; a backtrace would take a second.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["OPENBLAS_NUM_THREADS"] = "1"
        let program = ProcessInfo.processInfo.arguments[0]
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let status = posix_spawnp(&identifier, program, &actions, nil, &words, &variables)
        guard status == 0 else {
            throw Violation("cannot start \(program): \(String(cString: strerror(status)))")
        }
        self.identifier = identifier
    }

    /// How it ended, or `nil` while it runs.
    func poll() -> End? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        return Self.end(status)
    }

    /// Ends it.
    func kill() {
        #if canImport(Glibc)
            _ = Glibc.kill(identifier, SIGKILL)
        #else
            _ = Darwin.kill(identifier, SIGKILL)
        #endif
        var status: Int32 = 0
        waitpid(identifier, &status, 0)
    }

    private static func end(_ status: Int32) -> End {
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }
}
