import Foundation
import Support

#if canImport(Glibc)
    private let realTime = __itimer_which_t(ITIMER_REAL.rawValue)
#else
    private let realTime = ITIMER_REAL
#endif

/// Ctrl-C, SIGTERM and the SIGHUP of a terminal that is closed: the first asks the work to stop, which it does at its next report of
/// progress. Work that does not reach one in time is ended on the spot, which does no harm: files
/// appear whole or not at all, and a run's store survives that at any moment. A second signal ends
/// the process at once. Under `nohup`, which ignores SIGHUP, it stays ignored.
enum Interruption {
    /// The exit code of a process that its user stopped.
    static let exitCode: Int32 = 130
    /// How long work may take to stop by itself, in microseconds.
    private static let patience: Int = 1_500_000

    private nonisolated(unsafe) static var flag: sig_atomic_t = 0
    /// The message when the process is ended: allocated beforehand, as a signal handler may not
    /// allocate.
    private nonisolated(unsafe) static var message: UnsafeMutablePointer<CChar>?
    private nonisolated(unsafe) static var messageLength = 0

    /// Whether the process waits for input: there is nothing that could be brought to an end.
    private nonisolated(unsafe) static var waits: sig_atomic_t = 0

    static var isRequested: Bool { flag != 0 }

    /// Waits for others in `body`; a signal ends the process at once.
    static func whileWaiting<Result>(_ body: () throws -> Result) rethrows -> Result {
        waits = 1
        defer { waits = 0 }
        return try body()
    }

    static func install() {
        setMessage("knas: interrupted\n")
        _ = realTime  // Computed here rather than in the handler.
        for number in signals where !(number == SIGHUP && isIgnored(number)) {
            signal(number) { _ in
                if Interruption.flag != 0 || Interruption.waits != 0 { Interruption.end() }
                Interruption.flag = 1
                var timer = itimerval()
                timer.it_value.tv_sec = time_t(Interruption.patience / 1_000_000)
                timer.it_value.tv_usec = .init(Interruption.patience % 1_000_000)
                setitimer(realTime, &timer, nil)
            }
        }
        signal(SIGALRM) { _ in Interruption.end() }
        // The parent process may have left them blocked.
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals + [SIGALRM] { sigaddset(&set, number) }
        sigprocmask(SIG_UNBLOCK, &set, nil)
    }

    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    private static func isIgnored(_ number: Int32) -> Bool {
        let previous = signal(number, SIG_IGN)
        // The system's constant is a function pointer with this address.
        return unsafeBitCast(previous, to: Int.self) == 1
    }

    /// Sets the message for when work has to be ended.
    static func setMessage(_ text: String) {
        let old = message
        message = strdup(text)
        messageLength = text.utf8.count
        free(old)
    }

    private static func end() -> Never {
        if let message { StandardStreams.diagnose(inHandler: message, count: messageLength) }
        _exit(exitCode)
    }
}
