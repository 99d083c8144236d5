import Encoders
import Foundation
import Graphs
import Heads
import RunStore
import Search
import Support
import Tasks
import Training

/// What a run takes over from an earlier process, and keeps for a later one. Without a store everything
/// is computed and nothing kept.
struct Resumption: Sendable {
    private let store: RunStore?

    /// Keeps nothing.
    static let none = Resumption(store: nil)

    init(store: RunStore?) { self.store = store }

    /// Opens the store of a run's directory as the configuration says, and lets the watch count on.
    /// - Throws: ``RunStoreError``, `FileError`.
    init(
        _ configuration: RunConfiguration, _ dataset: Dataset, _ encoder: Encoder,
        _ watch: Stopwatch, _ note: (String) -> Void
    ) throws {
        let store = try RunStore(
            configuration.run,
            identity: RunIdentity(configuration, dataset: dataset, encoder: encoder),
            mode: configuration.mode)
        self.store = store
        if store.isResumed {
            note("going on with the run in \(configuration.run.path)")
            watch.add(RunResult.Cost(timings: try store.timings()))
        } else if configuration.mode == .resume {
            note("there is no run in \(configuration.run.path) yet: starting one")
        }
        watch.observer = { stage, cost in try store.enter(stage: stage, timings: cost.timings) }
    }

    /// Notes that the run is at its end, and lets its directory go.
    func complete(_ cost: RunResult.Cost) throws {
        try store?.enter(stage: RunStore.completeStage, timings: cost.timings)
        try store?.close()
    }

    /// Commits what was found and lets the directory go, wherever the run ends.
    func close() { try? store?.close() }

    /// Searches; candidates that are in the store are taken as they are.
    func search(
        _ search: CandidateSearch, in space: SearchSpace, progress: ProgressHandler?
    ) throws -> [Candidate] {
        guard let store else { return try search.run(progress: progress) }
        return try search.run(
            resuming: try store.candidates(in: space), progress: progress,
            onCandidate: { try store.append($0) })
    }

    /// Trains a head, unless that was done before; see ``RunStore/head(_:of:onEpoch:training:)``.
    func train(
        _ key: TrainingKey, _ graph: @autoclosure () -> Graph,
        onEpoch: @escaping (EpochRecord) throws -> Void,
        training body: ((EpochRecord) throws -> Void) throws -> TrainedHead
    ) throws -> TrainedHead {
        guard let store else { return try body(onEpoch) }
        return try store.head(key, of: graph(), onEpoch: onEpoch, training: body)
    }
}

extension RunResult.Cost {
    /// By name, as they are stored.
    fileprivate var timings: [String: Double] {
        var result = ["wall": wallSeconds, "cpu": cpuSeconds, "peak": Double(peakMemoryBytes)]
        for (stage, seconds) in stages { result["stage \(stage)"] = seconds }
        return result
    }

    fileprivate init(timings: [String: Double]) {
        var stages: [String: Double] = [:]
        for (name, seconds) in timings where name.hasPrefix("stage ") {
            stages[String(name.dropFirst(6))] = seconds
        }
        self.init(
            wallSeconds: timings["wall"] ?? 0, cpuSeconds: timings["cpu"] ?? 0,
            peakMemoryBytes: Int(exactly: timings["peak"] ?? 0) ?? 0, stages: stages)
    }
}
