import Export
import Foundation
import KNAS
import RunStore
import Support

/// The runs of a folder, looked at about once a second however many ask.
final class RunsFolder: @unchecked Sendable {
    /// Runs that are shown; a folder of thousands is not a page.
    private static let limit = 200
    /// Points of a curve.
    private static let points = 500
    /// Characters that can be explained: it takes about 12 classifications a word.
    static let explainedCharacters = 1000

    let url: URL
    private let threads: Int
    private let lock = NSLock()
    private var answers: [RunAnswer] = []
    private var looked: ContinuousClock.Instant?
    /// Finished runs as they were read, by what their files were like.
    private var finished: [String: (stamp: String, answer: RunAnswer)] = [:]
    private var histories: [String: [RunAnswer.Point]] = [:]

    private let explaining = NSLock()
    private var explained: (stamp: DirectoryStamp, classifier: TextClassifier)?

    /// - Throws: `FileError` for what is not a folder of runs.
    init(_ url: URL, threads: Int) throws {
        _ = try Self.names(in: url)
        self.url = url
        self.threads = threads
    }

    /// Why the folder cannot be read now, `nil` where it can.
    var fault: String? {
        do {
            _ = try Self.names(in: url)
            return nil
        } catch { return "\(error)" }
    }

    /// The runs by name.
    func runs() -> [RunAnswer] {
        lock.withLock {
            if let looked, .now - looked < .milliseconds(900) { return answers }
            answers = names().map { look(at: $0) }
            looked = .now
            return answers
        }
    }

    private func names() -> [String] {
        let names = (try? Self.names(in: url)) ?? []
        return Array(
            names.filter { !$0.hasPrefix(".") && RunOverview.isRun(directory($0)) }
                .prefix(Self.limit))
    }

    private static func names(in url: URL) throws -> [String] {
        let expected = "a folder of runs"
        guard !RunOverview.isRun(url) else {
            throw FileError.notReadable(path: url.path, reason: "expected \(expected), found a run")
        }
        return try FileError.names(in: url, expected: expected)
    }

    private func directory(_ name: String) -> URL {
        url.appendingPathComponent(name, isDirectory: true)
    }

    /// The directory of a run.
    /// - Throws: ``APIError`` where there is no such run.
    private func known(_ name: String) throws -> URL {
        guard names().contains(name) else {
            throw APIError(.unknownRun, "no such run: they are at /v1/runs")
        }
        return directory(name)
    }

    private func look(at name: String) -> RunAnswer {
        let directory = directory(name)
        var answer = state(of: name, directory)
        if answer.state == .running, let accuracy = answer.heldOutAccuracy,
            let seconds = answer.seconds, histories[name]?.last?.accuracy != accuracy,
            (histories[name]?.count ?? 0) < Self.points
        {
            histories[name, default: []].append(.init(seconds: seconds, accuracy: accuracy))
        }
        answer.history = histories[name] ?? []
        let manager = FileManager.default
        answer.hasReport = manager.fileExists(
            atPath: directory.appendingPathComponent("report.html").path)
        answer.hasModel = ModelDirectory.isModel(directory.appendingPathComponent("model"))
        return answer
    }

    private func state(of name: String, _ directory: URL) -> RunAnswer {
        let stamp = ["run.sqlite", "result.json"].map { file in
            var status = stat()
            let path = directory.appendingPathComponent(file).path
            return stat(path, &status) == 0 ? FileStamp(status).text : "-"
        }.joined(separator: " ")
        if let known = finished[name], known.stamp == stamp { return known.answer }
        if RunStore.exists(directory) {
            do {
                let progress = try RunProgress(directory)
                if progress.stage != RunStore.completeStage {
                    return RunAnswer(name, progress, now: Date().timeIntervalSince1970)
                }
            } catch {
                // The run is just writing: what was seen last still holds.
                let before = answers.first { $0.name == name }
                if let before, before.state == .running { return before }
            }
        }
        // Reads the whole store, so only where that is not written to any more.
        guard let overview = try? RunOverview(directory) else {
            // It was removed while it was looked at.
            return RunAnswer(unreadable: name)
        }
        let answer = RunAnswer(name, overview)
        if overview.state != .running { finished[name] = (stamp, answer) }
        return answer
    }

    /// A run's report.
    /// - Throws: ``APIError`` where there is none.
    func report(of name: String) throws -> Data {
        let file = try known(name).appendingPathComponent("report.html")
        guard let data = try? Data(contentsOf: file) else {
            throw APIError(.unknownRun, "the run has no report yet")
        }
        return data
    }

    /// What each word of a text adds to the answer of a run's model.
    /// - Throws: ``APIError`` where there is no such run or no model of it, an explanation is under way, the
    ///   request has more than a text and a share to abstain for, or the model explains nothing; what loading
    ///   the model throws.
    func explain(_ wanted: ClassifyRequest, of name: String) throws -> ExplainAnswer {
        guard let input = wanted.inputs.first else {
            throw APIError(.badRequest, "expected one text")
        }
        guard wanted.top == nil, wanted.threshold == nil, !wanted.logits else {
            throw APIError(
                .invalidOption, "an explanation has no top_k, threshold and logits")
        }
        let directory = try known(name).appendingPathComponent("model", isDirectory: true)
        guard ModelDirectory.isModel(directory) else {
            throw APIError(.unknownRun, "the run has no model yet")
        }
        guard explaining.try() else {
            throw APIError(.queueFull, "another text is being explained: try again later")
                .adding(.retryAfter, "1")
        }
        defer { explaining.unlock() }
        let classifier = try classifier(at: directory)
        guard classifier.target == .oneClass, classifier.takesPairs == (input.pair != nil) else {
            throw APIError(
                .invalidText,
                "expected a model of one class a text, and "
                    + (classifier.takesPairs ? "text and pair" : "one text"))
        }
        try wanted.checkAbstaining(classifier)
        return ExplainAnswer(try classifier.explain(input, abstain: wanted.abstain))
    }

    /// The model that was asked last stays in memory.
    private func classifier(at directory: URL) throws -> TextClassifier {
        let stamp = DirectoryStamp(directory)
        if let explained, explained.stamp == stamp { return explained.classifier }
        let classifier = try TextClassifier(contentsOf: directory, threads: threads)
        explained = (stamp, classifier)
        return classifier
    }
}
