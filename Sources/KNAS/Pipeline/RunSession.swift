import Foundation
import Heads
import RunStore
import Search
import Selection
import Support

/// A run's store while a process is working on it: results of an earlier process are taken over,
/// new ones are kept.
struct RunSession {
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
        if store.isResumed {
            note("resuming the run in \(configuration.run.path)")
            watch.add(Cost(timings: try store.timings()))
        } else if configuration.mode == .resume {
            note("there is no run in \(configuration.run.path) yet: starting one")
        }
        watch.observer = { stage, cost in try store.enter(stage: stage, timings: cost.timings) }
    }

    /// Finished trainings.
    /// - Parameter isClosed: whether nothing else is trained.
    func memo(isClosed: Bool) -> TrainingMemo { TrainingMemo(store, isClosed: isClosed) }

    /// Searches; candidates that are already in the store are not scored again.
    /// - Parameter isClosed: whether no others are scored.
    func search(
        _ search: CandidateSearch, in spaces: SearchSpaces, isClosed: Bool,
        progress: ProgressHandler?
    ) throws -> [Candidate] {
        let store = store
        let known = try store.candidates(in: spaces)
        // Threads finish heads out of order: those before the first gap.
        let whole = known.enumerated().prefix { $0.offset + 1 == $0.element.id }.map(\.element)
        if isClosed, whole.isEmpty { return [] }
        return try (isClosed ? search.limited(to: whole.count) : search).run(
            resuming: known, progress: progress, onCandidate: { try store.append($0) })
    }

    /// Keeps a plan for a later process of the same run.
    func keep(_ plan: TimePlan) throws {
        let text = String(decoding: try JSONEncoder.compact.encode(plan), as: UTF8.self)
        try store.keep(text, as: TimePlan.name)
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
        for (stage, seconds) in idle ?? [:] { result["idle \(stage)"] = seconds }
        return result
    }

    fileprivate init(timings: [String: Double]) {
        func seconds(_ prefix: String) -> [String: Double] {
            let named = timings.filter { $0.key.hasPrefix(prefix) }
            return Dictionary(
                uniqueKeysWithValues: named.map {
                    (String($0.key.dropFirst(prefix.count)), $0.value)
                })
        }
        self.init(
            wallSeconds: timings["wall"] ?? 0, cpuSeconds: timings["cpu"] ?? 0,
            peakMemoryBytes: Int(exactly: timings["peak"] ?? 0) ?? 0,
            stages: seconds("stage "), idle: seconds("idle "))
    }
}
