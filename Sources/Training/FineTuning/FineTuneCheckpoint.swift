import Features
import Foundation
import Graphs
import Support
import Tensors

/// Where one fine-tuning keeps what it needs to resume after a kill: a safetensors file, rewritten
/// after every epoch, whole or not at all.
///
/// All random numbers come from keys derived from epoch and step, so these two numbers are the
/// position in them.
public struct FineTuneCheckpoint: Sendable {
    public let url: URL
    public let use: Use

    /// What becomes of an existing file.
    public enum Use: Sendable {
        /// It is replaced.
        case replace
        /// Training goes on from it.
        case resume
        /// It answers: nothing more is trained, and where there is none ``LeftOut`` is thrown.
        case finish
    }

    public init(url: URL, use: Use) {
        self.url = url
        self.use = use
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
    public init(inRun run: URL, name: String, use: Use) {
        self.init(
            url: Self.directory(ofRun: run)
                .appendingPathComponent("\(Self.prefix)\(name).safetensors"),
            use: use)
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

        fileprivate func fits(_ parameters: ParameterSet) -> Bool {
            let trained = parameters.layout.trainableCount
            guard best.count == parameters.storage.count else { return false }
            guard let progress else { return true }
            return progress.weights.count == parameters.storage.count
                && progress.first.count == trained && progress.second.count == trained
        }
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
    /// - Throws: ``LeftOut``, where there is none and nothing is to be trained; ``TensorError`` and ``FileError``
    ///   for a damaged file.
    func load(digest: String, _ parameters: ParameterSet) throws -> State? {
        var state = try stored(digest: digest)
        if state?.fits(parameters) == false { state = nil }
        guard use == .finish else { return state }
        guard state != nil else { throw LeftOut() }
        state?.progress = nil
        return state
    }

    private func stored(digest: String) throws -> State? {
        guard use != .replace, FileManager.default.fileExists(atPath: url.path) else { return nil }
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

    /// Identifies a training: the same digest gives the same weights.
    /// - Parameters:
    ///   - recipe: what is done, apart from the configuration.
    ///   - start: the weights that it begins with.
    static func digest(
        _ recipe: [String], _ configuration: FineTuneConfiguration, _ model: FineTuneGraph,
        start: ParameterSet, train: FeatureSet, dev: FeatureSet, key: RandomKey
    ) -> String {
        var builder = DigestBuilder()
        for part in recipe + [BLAS.kernelName] { builder.add(part) }
        builder.add((try? JSONEncoder.compact.encode(configuration)) ?? Data())
        builder.add("\(model.unfrozen.layers) \(model.inputLayers)")
        builder.add(key.description)
        for parameter in model.graph.parameters {
            builder.add("\(parameter.name) \(parameter.shape) \(parameter.isTrainable)")
        }
        builder.add(
            Data(
                bytesNoCopy: start.storage.pointer, count: start.storage.count * 4,
                deallocator: .none))
        for set in [train, dev] {
            builder.add("\(set.targets.strata)")
            builder.add("\((0..<set.count).map { set.tokenCount($0) })")
        }
        return builder.hexadecimal()
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
