import Export
import Foundation
import Metrics
import Results
import RunStore
import Selection
import Support

/// A summary of a run's directory, whether or not the run is complete.
public struct RunOverview: Sendable, Codable {
    /// The state of a run.
    public enum State: String, Sendable, Codable {
        /// Finished; running in some process; stopped before the end; not readable.
        case complete, running, interrupted, damaged
        /// Undamaged, but in the format of another version of the program.
        case otherVersion = "other-version"

        /// The state of a run with a file that cannot be read.
        init(_ error: any DiagnosedError) {
            switch error {
            case RunStoreError.older, RunStoreError.newer, RunResultError.otherFormat,
                RunResultError.earlier:
                self = .otherVersion
            default: self = .damaged
            }
        }

        /// Whether the run's files cannot be read.
        public var isUnreadable: Bool { self == .damaged || self == .otherVersion }
    }

    /// What a directory holds.
    public enum Kind: String, Sendable, Codable {
        /// A search, which exports a model; a study of proxies, which does not.
        case search, study
    }

    /// A head of the exported model.
    public struct Member: Sendable, Codable {
        /// In text form.
        public var genotype: String
        /// Its share of the model's probabilities.
        public var weight: Double
    }

    /// The run's directory.
    public var directory: String
    /// Whether it is a search or a study.
    public var kind = Kind.search
    /// Whether it is finished, running, interrupted or unreadable.
    public var state: State
    /// The stage an interrupted run was in, or why a directory cannot be read.
    public var detail: String?
    /// Name of the task.
    public var task: String?
    /// Name of the encoder; names separated by commas where there are several.
    public var encoder: String?
    /// The seed of everything random.
    public var seed: UInt64?
    /// Version of the program that started it.
    public var version: String?
    /// When it was started, in ISO 8601.
    public var created: String?
    /// Heads that have been scored.
    public var scored: Int?
    /// Trainings that are finished.
    public var trainings: Int?
    /// The exported model's heads, from the largest share to the smallest.
    public var members: [Member]?
    /// The trained weights of all heads, those of encoder layers included.
    public var parameters: Int?
    /// What an answer costs, as a multiple of the encoder's pass.
    public var costFactor: Double?
    /// The metric that decides, which the scores are values of; higher is better.
    public var metric: Metric?
    /// Score of the exported model on rows that it was not chosen on.
    public var heldOutScore: Double?
    /// The same on test.
    public var testScore: Double?
    /// Score on test of the best head by itself.
    public var singleTestScore: Double?
    /// The same of the exact linear head.
    public var linearTestScore: Double?
    /// Accuracy of the exported model on rows that it was not chosen on, a fraction of 1; `nil` where numbers
    /// are predicted.
    public var heldOutAccuracy: Double?
    /// The same on test, a fraction of 1.
    public var testAccuracy: Double?
    /// F1 on test.
    public var testF1: Double?
    /// Name of the class that F1 is about.
    public var positive: String?
    /// The Matthews correlation on test.
    public var testMCC: Double?
    /// Cross entropy on test, in nats.
    public var testCrossEntropy: Double?
    /// Accuracy on test of the best head by itself, a fraction of 1.
    public var singleTestAccuracy: Double?
    /// The same of the exact linear head.
    public var linearTestAccuracy: Double?
    /// What the run took, in seconds.
    public var wallSeconds: Double?
    /// All choices of the run by name.
    public var choices: [String: String]?

    /// Whether a directory holds a run, in whatever state.
    public static func isRun(_ directory: URL) -> Bool {
        RunFiles.hasStore(directory) || hasResult(directory)
    }

    private static func hasResult(_ directory: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: directory.appendingPathComponent("result.json").path)
    }

    /// The runs of a folder by name, or the folder itself where it is a run.
    /// - Throws: `FileError`.
    public static func all(in folder: URL) throws -> [RunOverview] {
        if isRun(folder) { return [try RunOverview(folder)] }
        return try FileError.names(in: folder, expected: "a folder of runs")
            .map { folder.appendingPathComponent($0, isDirectory: true) }
            .filter(isRun).map(RunOverview.init)
    }

    /// A model's directory: the one given, or that of the run that was given.
    /// - Throws: `FileError` where there is none, or a run has no model yet.
    public static func model(at url: URL) throws -> URL {
        do {
            return try ModelDirectory.find(url)
        } catch FileError.notReadable where isRun(url) {
            let isRunning = (try? RunProgress(url).isRunning) ?? false
            throw FileError.notReadable(
                path: url.relativePath,
                reason: "this run has no model yet; "
                    + (isRunning ? "it is still going on" : "resume it with --resume"))
        }
    }

    /// Reads a run's directory; damage is a state, not an error.
    /// - Throws: `FileError/missing(path:)` where there is no run.
    public init(_ directory: URL) throws {
        guard Self.isRun(directory) else {
            throw FileError.missing(path: directory.appendingPathComponent("result.json").path)
        }
        self.directory = directory.path
        state = .complete
        if RunFiles.hasStore(directory) {
            do {
                take(try RunStoreSummary(directory))
            } catch let error as any DiagnosedError {
                (state, detail) = (State(error), error.description)
            }
        }
        guard kind == .search else { return }
        guard Self.hasResult(directory) else {
            // The store says complete, but the result was removed.
            if state == .complete { (state, detail) = (.damaged, "result.json is missing") }
            return
        }
        // The result of a resumed run is out of date until the run is complete.
        guard state == .complete || state.isUnreadable else { return }
        do {
            take(try RunResult.load(directory.appendingPathComponent("result.json")))
        } catch let error as any DiagnosedError {
            // Where neither can be read, the store's error is the one shown.
            if !state.isUnreadable { (state, detail) = (State(error), error.description) }
        }
    }

    private mutating func take(_ summary: RunStoreSummary) {
        state = summary.isComplete ? .complete : summary.isRunning ? .running : .interrupted
        detail = summary.isComplete ? nil : summary.stage ?? "start"
        task = summary.identity.task
        encoder = summary.identity.choices["input.encoders"]
        seed = summary.identity.seed
        version = summary.identity.program
        created = summary.created.map { $0.formatted(.iso8601) }
        scored = summary.scored
        trainings = summary.trainings
        choices = summary.identity.choices
        // Only a study draws a number of heads that decides which they are.
        if choices?["heads"] != nil { kind = .study }
    }

    private mutating func take(_ result: RunResult) {
        task = result.task
        var names: [String] = []
        for use in result.encoders where !names.contains(use.name) { names.append(use.name) }
        encoder = names.joined(separator: ", ")
        seed = result.seed
        version = result.version
        let exported = result.exported
        members = exported.members.map { Member(genotype: $0.genotype, weight: $0.weight) }
        parameters = exported.parameters
        costFactor = exported.costFactor
        // Every result has a metric that decides.
        let metric = result.metrics[0]
        func score(_ metrics: ClassificationMetrics?) -> Double? {
            metrics?.value(of: metric).known
        }
        self.metric = metric
        heldOutScore = score(exported.heldOut)
        testScore = score(exported.test)
        singleTestScore = score(result.single.test)
        linearTestScore = score(result.controls[Role.linear.rawValue]?.test)
        heldOutAccuracy = exported.heldOut?.knownAccuracy
        testAccuracy = exported.test.knownAccuracy
        testF1 = exported.test.f1
        positive = result.positive
        testMCC = exported.test.mcc.known
        testCrossEntropy = exported.test.crossEntropy.known
        singleTestAccuracy = result.single.test.knownAccuracy
        linearTestAccuracy = result.controls[Role.linear.rawValue]?.test.knownAccuracy
        wallSeconds = result.cost.wallSeconds
    }

    /// Removes a run; other files in its directory stay.
    /// - Throws: `RunStoreError.inUse`, `FileError`.
    public static func remove(_ directory: URL) throws {
        guard isRun(directory) else {
            throw FileError.missing(path: directory.appendingPathComponent("result.json").path)
        }
        try RunStoreSummary.remove(directory)
    }
}
