import ArgumentParser
import Foundation
import Logging
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
}

/// Results go to standard output, everything else to standard error; progress is drawn on a terminal
/// only.
final class Console: Sendable {
    private let logger: Logger
    private let line: ProgressLine?
    private let stages = StageNames()

    init(level: GlobalOptions.LogLevel, showsProgress: Bool) {
        var logger = Logger(label: "knas") { _ in PlainLogHandler() }
        logger.logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
        self.logger = logger
        line = showsProgress && isatty(2) == 1 ? ProgressLine() : nil
    }

    /// A line about what a stage found.
    func note(_ text: String) {
        line?.clear()
        if text.hasPrefix("warning: ") {
            logger.warning("\(text.dropFirst(9))")
        } else {
            logger.info("\(text)")
        }
    }

    /// Draws progress, or names each stage once where there is no terminal; stops the work after Ctrl-C.
    var progress: ProgressHandler {
        { [line, stages, logger] progress in
            if let line {
                line.show(progress)
            } else if stages.isNew(progress.stage) {
                logger.info("\(progress.stage) ...")
            }
            return Interruption.isRequested ? .stop : .more
        }
    }

    /// Removes the progress line.
    func finish() { line?.clear() }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data("knas: error: \(text)\n".utf8))
    }

    /// Prints a value as JSON.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Writes plain lines to standard error.
private struct PlainLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let prefix = event.level >= .warning ? "\(event.level): " : ""
        FileHandle.standardError.write(Data("knas: \(prefix)\(event.message)\n".utf8))
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
            write("\r\u{1B}[K" + text + (progress.detail.isEmpty ? "" : "  " + progress.detail))
        }
    }

    func clear() { lock.withLock { write("\r\u{1B}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
