import Foundation
import Support
import Tensors

/// Where one fine-tuning keeps what it needs to resume after a kill: a safetensors file, rewritten
/// after every epoch, whole or not at all.
///
/// All random numbers come from keys derived from epoch and step, so these two numbers are the
/// position in them.
public struct FineTuneCheckpoint: Sendable {
    public let url: URL
    /// Whether an existing file may be used; otherwise it is replaced.
    public let resumes: Bool

    public init(url: URL, resumes: Bool) {
        self.url = url
        self.resumes = resumes
    }

    /// The checkpoints in a run's directory, sorted by name; empty where there are none.
    public static func find(inRun run: URL) -> [URL] {
        let directory = directory(ofRun: run)
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".safetensors") }.sorted()
            .map { directory.appendingPathComponent($0) }
    }

    /// The checkpoint of a training in a run's directory.
    public init(inRun run: URL, name: String, resumes: Bool) {
        self.init(
            url: Self.directory(ofRun: run)
                .appendingPathComponent("\(Self.prefix)\(name).safetensors"),
            resumes: resumes)
    }

    private static let prefix = "finetune-"

    private static func directory(ofRun run: URL) -> URL {
        run.appendingPathComponent("checkpoints", isDirectory: true)
    }

    /// What is known after an epoch.
    struct State {
        var history: [EpochRecord]
        /// 0 where none was better than the start.
        var bestEpoch: Int
        /// Weights of the best epoch.
        var best: FloatStorage
        /// Weights and optimizer; `nil` when nothing is left to do.
        var progress: Progress?
    }

    /// What the next epoch starts from.
    struct Progress {
        var step: Int
        var weights: FloatStorage
        var first: FloatStorage
        var second: FloatStorage
        /// The running mean of the weights, where there is one.
        var mean: FloatStorage?
    }

    private static let version = "2"

    /// - Parameter digest: identifies the training; another training's file is not used.
    /// - Throws: ``FileError``, ``TensorError``.
    func save(_ state: State, digest: String) throws {
        let history = String(
            decoding: try JSONEncoder.compact.encode(state.history), as: UTF8.self)
        var entries = [Self.entry("best", state.best)]
        if let progress = state.progress {
            entries += [
                Self.entry("weights", progress.weights), Self.entry("first", progress.first),
                Self.entry("second", progress.second),
            ]
            if let mean = progress.mean { entries.append(Self.entry("mean", mean)) }
        }
        try SafetensorsWriter.write(
            entries,
            metadata: [
                "version": Self.version, "digest": digest, "history": history,
                "best_epoch": "\(state.bestEpoch)", "step": "\(state.progress?.step ?? 0)",
            ], to: url)
    }

    /// The state of a training that was stopped, or `nil` where there is none of this digest.
    /// - Throws: ``TensorError`` and ``FileError`` for a damaged file.
    func load(digest: String) throws -> State? {
        guard resumes, FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafetensorsFile(url)
        let metadata = file.metadata
        guard metadata["version"] == Self.version, metadata["digest"] == digest,
            let text = metadata["history"],
            let history = try? JSONDecoder().decodeChecked(
                [EpochRecord].self, from: Data(text.utf8)),
            let bestEpoch = metadata["best_epoch"].flatMap({ Int($0) }),
            (0...history.count).contains(bestEpoch), !history.isEmpty,
            let step = metadata["step"].flatMap({ Int($0) }), step >= 0
        else { return nil }
        var progress: Progress?
        if file.contains("weights") {
            progress = Progress(
                step: step, weights: try Self.read("weights", file),
                first: try Self.read("first", file), second: try Self.read("second", file),
                mean: file.contains("mean") ? try Self.read("mean", file) : nil)
        }
        return State(
            history: history, bestEpoch: bestEpoch, best: try Self.read("best", file),
            progress: progress)
    }

    private static func entry(_ name: String, _ storage: FloatStorage) -> SafetensorsEntry {
        SafetensorsEntry(name: name, dtype: .float32, shape: [storage.count]) { sink in
            try sink(
                UnsafeRawBufferPointer(
                    UnsafeBufferPointer(start: storage.pointer, count: storage.count)))
        }
    }

    private static func read(_ name: String, _ file: SafetensorsFile) throws -> FloatStorage {
        let info = try file.info(name)
        let storage = FloatStorage(count: info.count)
        try file.floats(
            name, expecting: info.shape,
            into: UnsafeMutableBufferPointer(start: storage.pointer, count: info.count))
        return storage
    }
}
