import Foundation
import Heads
import RunStore
import Search
import Selection
import Support

/// A run's store while a process is working on it: results of an earlier process are taken over,
/// new ones are kept.
struct RunSession {
    let memo: TrainingMemo
    private let store: RunStore
    private let watch: Stopwatch

    /// Opens the store of a run's directory in the configuration's mode, and adds its timings to
    /// the watch.
    /// - Throws: ``RunStoreError``, `FileError`.
    init(
        _ configuration: RunConfiguration, _ prepared: Preparation, _ watch: Stopwatch,
        _ note: (String) -> Void
    ) throws {
        let store = try RunStore(
            configuration.run, identity: RunIdentity(configuration, prepared),
            mode: configuration.mode)
        self.store = store
        self.watch = watch
        memo = TrainingMemo(store)
        if store.isResumed {
            note("resuming the run in \(configuration.run.path)")
            watch.add(Cost(timings: try store.timings()))
        } else if configuration.mode == .resume {
            note("there is no run in \(configuration.run.path) yet: starting one")
        }
        watch.observer = { stage, cost in try store.enter(stage: stage, timings: cost.timings) }
    }

    /// Searches; candidates that are already in the store are not scored again.
    func search(
        _ search: CandidateSearch, in spaces: SearchSpaces, progress: ProgressHandler?
    ) throws -> [Candidate] {
        let store = store
        return try search.run(
            resuming: try store.candidates(in: spaces), progress: progress,
            onCandidate: { try store.append($0) })
    }

    /// Notes that the run is complete, and releases its directory.
    func complete() throws {
        try store.enter(stage: RunStore.completeStage, timings: watch.cost.timings)
        try store.close()
    }

    /// Commits what was found and releases the directory, wherever the run ends.
    func close() { try? store.close() }
}

extension Cost {
    /// Timings by name, as they are stored.
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
