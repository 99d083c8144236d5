import Foundation
import Heads
import Results
import RunStore
import Search
import Selection
import Support
import Tensors

/// The pieces of a run that other processes, on this machine or others, can do: a plan, scored
/// shares of its candidates, single trainings. Each gives a part that is merged into the run's
/// store; a search that is then resumed takes over what is there and ends with the bytes of an
/// undivided run.
extension Pipeline {
    /// The content of `plan.json`.
    public struct Plan: Sendable, Encodable {
        /// The run's directory.
        public var run: String
        /// Heads in `candidates.tsv`.
        public var candidates: Int
        /// The digest of everything that decides the results.
        public var digest: String
    }

    /// Starts or opens the run's store and writes `candidates.tsv` and `plan.json` next to it. No
    /// text is encoded.
    /// - Throws: `SearchError` for a strategy whose proposals depend on scores, and the stages'
    ///   errors.
    public func plan() throws -> Plan {
        try configuration.check()
        let (pipeline, prepared, _) = try opened()
        var identity = RunIdentity(pipeline.configuration, prepared)
        // Names of files decide nothing.
        identity.files = [:]
        _ = try RunDirectory(configuration.run)
        let store = try RunStore(
            configuration.run, identity: identity, mode: configuration.mode)
        defer { try? store.close() }
        // Bad options are reported now rather than by every share.
        try configuration.search.scoring.check()
        let limits = try prepared.views.map { view in
            configuration.space.limits(
                lengths: try view.features.trainLengths(), segments: view.features.segments)
        }
        let search = pipeline.candidateSearch(prepared, limits) { _, _ in
            preconditionFailure("a plan scores nothing")
        }
        let genotypes = try search.plan()
        var digest = DigestBuilder()
        digest.add("\(identity)")
        for genotype in genotypes { digest.add(genotype.description) }
        let plan = Plan(
            run: configuration.run.path, candidates: genotypes.count,
            digest: digest.hexadecimal())
        try CandidateList.write(
            genotypes, to: configuration.run.appendingPathComponent("candidates.tsv"))
        try AtomicFile.write(
            JSONEncoder.readable.encode(plan),
            to: configuration.run.appendingPathComponent("plan.json"))
        try store.close()
        return plan
    }

    /// The layers that the run's heads read, for each view.
    public func layers() throws -> [[Int]] { try opened().1.views.map(\.layers) }

    /// Scores a share of a plan's candidates into a part. Only train is encoded.
    /// - Returns: the number of heads in the share.
    public func score(_ list: URL, shard: Shard, to part: URL) throws -> Int {
        try configuration.check()
        let (pipeline, prepared, _) = try opened()
        let share = try CandidateList.read(list, in: prepared.spaces).enumerated()
            .filter { shard.contains($0.offset) }.map(\.element)
        let search = try pipeline.candidateSearch(prepared, prepared.features(.train))
        let done = WorkCounter(
            stage: "scoring", total: share.count, unit: "heads", progress: progress)
        try RunStore.writePart(part, identity: RunIdentity(pipeline.configuration, prepared)) {
            store in
            _ = try Parallel.map(count: share.count, threads: configuration.threads) { place, _ in
                try store.append(search.score(share[place].genotype, id: share[place].id))
                try done.add(1)
            }
        }
        return share.count
    }

    /// Trains a head as a contestant into a part. Only train and dev are encoded.
    ///
    /// - Parameters:
    ///   - head: its text form.
    ///   - heldOut: the part of the data that it is tried on: 0 is dev, 1 and up are folds of train
    ///     (contestants are tried on dev, and on as many folds as 2,000 held-out rows take).
    ///   - part: the file to write.
    /// - Throws: `GenotypeError`, `RunStoreError`, and the stages' errors.
    public func train(_ head: String, heldOut: Int, to part: URL) throws {
        try configuration.check()
        let (pipeline, prepared, _) = try opened()
        let genotype = try prepared.spaces.genotype(head)
        // The head's own view is enough.
        let own = Preparation(prepared.dataset, views: [prepared.view(of: genotype)])
        let (train, dev) = (try own.features(.train), try own.features(.dev))
        try RunStore.writePart(part, identity: RunIdentity(pipeline.configuration, prepared)) {
            store in
            // Exactly as the fine step does it, so a resumed search finds it.
            try HeadSelection(
                pipeline.trainings(own, train, dev, TrainingMemo(store)),
                pipeline.configuration.selection, key: pipeline.key, note: note
            ).trainContestant(genotype, part: heldOut, placeholder: train)
        }
    }

    /// Merges parts into the store of a run.
    public static func merge(_ parts: [URL], into run: URL) throws -> RunStore.Merged {
        let store = try RunStore(opening: run, identity: RunStore.identity(ofRun: run))
        defer { try? store.close() }
        var total = RunStore.Merged()
        for part in parts {
            let merged = try store.merge(part)
            total.candidates += merged.candidates
            total.trainings += merged.trainings
        }
        try store.close()
        return total
    }
}
