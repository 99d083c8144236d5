import Foundation
import Mutations
import Support

/// Runs the cases of one reader in worker processes, notes those that kill one, and continues.
final class Coordinator: @unchecked Sendable {
    private let reader: Reader
    private let options: Options
    private let corpus: [FileSet]
    private let lock = NSLock()
    private var report: Report

    struct Options: Sendable {
        var cases: Int
        var first: Int
        var seed: UInt64
        var corpus: URL
        var workspace: URL
        var threads: Int
        var hangSeconds: Double
        var memoryMiB: Int
        var deadline: UInt64
    }

    init(_ reader: Reader, _ options: Options) throws {
        self.reader = reader
        self.options = options
        report = Report(reader: reader.name)
        corpus = try Corpus.load(reader, options.corpus)
    }

    /// Runs all cases, or as many as the time allows.
    func run() -> Report {
        let lanes = max(1, min(options.threads, options.cases))
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            let size = options.cases
            let start = options.first + size * lane / lanes
            let end = options.first + size * (lane + 1) / lanes
            do {
                try runLane(lane, start..<end)
            } catch {
                lock.withLock { report.failures.append(Failure(.broken, start, "\(error)")) }
            }
        }
        return lock.withLock { report }
    }

    /// Number of cases that a worker runs before a fresh one takes over.
    private static let batch = 20_000

    private func runLane(_ lane: Int, _ range: Range<Int>) throws {
        let workspace = options.workspace.appendingPathComponent("\(reader.name)-\(lane)")
        try? FileManager.default.removeItem(at: workspace)
        let home = workspace.appendingPathComponent("home")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: workspace) }
        let status = try Status(workspace.appendingPathComponent("status"))
        defer { status.unmap() }
        var next = range.lowerBound
        var isFirst = true
        while next < range.upperBound, Status.now < options.deadline {
            let end = min(range.upperBound, next + Self.batch)
            status.reset()
            let process = try WorkerProcess(
                [
                    "--worker", workspace.path, "--reader", reader.name, "--seed",
                    "\(options.seed)", "--first", "\(next)", "--cases", "\(end - next)",
                    "--corpus", options.corpus.path, "--memory", "\(options.memoryMiB)",
                ], home: home, log: workspace.appendingPathComponent("log"))
            let outcome = watch(process, status)
            let done = status.isDone ? end : status.index + (status.started == 0 ? 0 : 1)
            guard status.isDone || done > next || outcome != nil || !isFirst else {
                throw Violation("the worker does not start: \(Self.tail(of: workspace))")
            }
            isFirst = false
            add(status, workspace)
            if let outcome {
                save(Failure(outcome.kind, status.index, outcome.text + Self.tail(of: workspace)))
            }
            try? FileManager.default.removeItem(at: workspace.appendingPathComponent("log"))
            next = max(next, outcome == nil ? done : max(done, status.index + 1))
        }
    }

    /// Waits for a worker to end; returns why that is a failure.
    private func watch(
        _ process: WorkerProcess, _ status: Status
    ) -> (kind: Failure.Kind, text: String)? {
        while true {
            if let end = process.poll() {
                if status.isDone { return nil }
                switch end {
                case .exited(let code): return (.crash, "exit code \(code) ")
                case .killed(let signal):
                    return (.crash, "signal \(signal), \(String(cString: strsignal(signal))) ")
                }
            }
            let started = status.started
            let now = Status.now
            if started != 0, now > started, Double(now - started) > options.hangSeconds * 1e9 {
                process.kill()
                return (.hang, "no answer after \(options.hangSeconds) s ")
            }
            // The current case is not counted, and not run again.
            if now > options.deadline {
                process.kill()
                return nil
            }
            usleep(10_000)
        }
    }

    // MARK: Results

    private func add(_ status: Status, _ workspace: URL) {
        let url = workspace.appendingPathComponent("failures")
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        try? FileManager.default.removeItem(at: url)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, let index = Int(parts[0]) else { continue }
            save(
                Failure(
                    parts[1].hasPrefix("memory") ? .memory : .undiagnosed, index, String(parts[1])))
        }
        lock.withLock { report.add(status) }
    }

    /// Keeps the files of a failing case under the name of the reader, the seed and its number.
    private func save(_ failure: Failure) {
        let (files, _, changed) = reader.files(
            failure.index, seed: options.seed, corpus: corpus)
        let directory = options.corpus.appendingPathComponent("failures")
            .appendingPathComponent("\(reader.name)-\(options.seed)-\(failure.index)")
        try? files.write(to: directory)
        try? Data("\(failure.kind.rawValue): \(failure.text)\nin \(changed.sorted())\n".utf8)
            .write(to: directory.appendingPathExtension("txt"))
        lock.withLock { report.failures.append(failure) }
    }

    /// The end of what a worker printed.
    private static func tail(of workspace: URL) -> String {
        let data = (try? Data(contentsOf: workspace.appendingPathComponent("log"))) ?? Data()
        return String(decoding: data.suffix(400), as: UTF8.self)
    }
}
