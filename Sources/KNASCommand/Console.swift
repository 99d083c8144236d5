import ArgumentParser
import Foundation
import Support

/// Options that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(help: "What to log on standard error: debug, info, warning or error.")
    var logLevel: LogLevel = .info

    @Flag(name: .shortAndLong, help: "Log errors only and show no progress.")
    var quiet = false

    @Flag(help: "Print one machine-readable JSON object on standard output.")
    var json = false

    enum LogLevel: String, ExpressibleByArgument, CaseIterable {
        case debug, info, warning, error
    }

    /// Where messages go.
    var console: Console { Console(level: quiet ? .error : logLevel, showsProgress: !quiet) }

    /// Prints a result: as JSON where that was asked for, else as text.
    /// - Throws: `ReaderGone`, `StreamError`.
    func show(_ value: some Encodable, _ text: @autoclosure () -> String) throws {
        if json { return try Console.printJSON(value) }
        try StandardStreams.writeLine(text().safeForTerminal)
    }
}

/// Results go to standard output, everything else to standard error; progress is drawn on a terminal
/// only.
final class Console: Sendable {
    private let levels: ArraySlice<GlobalOptions.LogLevel>
    private let line: ProgressLine?
    private let stages = StageNames()

    /// - Parameter level: what is less than that is not shown.
    init(level: GlobalOptions.LogLevel, showsProgress: Bool) {
        levels = GlobalOptions.LogLevel.allCases.drop { $0 != level }
        line = showsProgress && StandardStreams.showsProgress ? ProgressLine() : nil
    }

    /// A line about what a stage found.
    func note(_ text: String) {
        line?.clear()
        if text.hasPrefix("warning: ") {
            log(.warning, text)
        } else {
            log(.info, text)
        }
    }

    private func log(_ level: GlobalOptions.LogLevel, _ text: String) {
        if levels.contains(level) { Self.write(text) }
    }

    private static func write(_ text: String) {
        StandardStreams.diagnose("knas: \(text.safeForTerminal)\n")
    }

    /// Draws progress, or names each stage once where there is no terminal; stops the work after Ctrl-C.
    var progress: ProgressHandler {
        { [self] progress in
            if let line {
                line.show(progress)
            } else if stages.isNew(progress.stage) {
                log(.info, "\(progress.stage) ...")
            }
            return Interruption.isRequested ? .stop : .more
        }
    }

    /// Removes the progress line.
    func finish() { line?.clear() }

    static func error(_ text: String) { write("error: \(text)") }

    /// Prints a value as JSON.
    /// - Throws: `ReaderGone`, `StreamError`.
    static func printJSON(_ value: some Encodable) throws {
        try StandardStreams.writeLine(
            String(decoding: try JSONEncoder.readable.encode(value), as: UTF8.self))
    }
}

/// The stages seen so far.
private final class StageNames: @unchecked Sendable {
    private let lock = NSLock()
    private var names: Set<String> = []

    func isNew(_ name: String) -> Bool { lock.withLock { names.insert(name).inserted } }
}

/// One line that is redrawn at most ten times a second.
private final class ProgressLine: @unchecked Sendable {
    private let lock = NSLock()
    private var stage = ""
    private var start = Date()
    private var firstCompleted = 0
    private var lastDrawn = Date.distantPast

    func show(_ progress: WorkProgress) {
        lock.withLock {
            let now = Date()
            if progress.stage != stage || progress.completed < firstCompleted {
                stage = progress.stage
                start = now
                firstCompleted = progress.completed
            }
            let isLast = progress.completed >= progress.total
            guard isLast || now.timeIntervalSince(lastDrawn) > 0.1 else { return }
            lastDrawn = now
            let share = progress.total > 0 ? Double(progress.completed) / Double(progress.total) : 1
            let bar = String(repeating: "=", count: Int(share * 24))
                .padding(toLength: 24, withPad: " ", startingAt: 0)
            let elapsed = now.timeIntervalSince(start)
            let done = Double(progress.completed - firstCompleted)
            var text = "\(progress.stage) [\(bar)] \(progress.completed)/\(progress.total) "
            if done > 0, elapsed > 1 {
                let rate = done / elapsed
                let left = Double(progress.total - progress.completed) / rate
                text += String(format: "%.1f ", rate) + "\(progress.unit)/s, \(Int(left)) s left"
            } else {
                text += progress.unit
            }
            let detail = progress.detail.isEmpty ? "" : "  " + progress.detail
            write("\r\u{1B}[K" + (text + detail).safeForTerminal)
        }
    }

    func clear() { lock.withLock { write("\r\u{1B}[K") } }

    private func write(_ text: String) { StandardStreams.diagnose(text) }
}
