import Foundation
import Heads
import RunStore
import Scoring
import Search
import Support
import Testing

/// A directory and an identity to try stores with.
struct Bench {
    let directory: URL
    var identity = RunIdentity(
        program: "1", kernels: "k", task: "toy", data: "d", encoder: "e", seed: 7,
        choices: ["candidates": "40", "training.epochs": "3"])
    let space = SearchSpace(
        context: HeadContext(inputWidth: 32, classes: 3, segments: 1), maximumBlocks: 2)

    init() throws {
        directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("run-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    var database: URL { directory.appendingPathComponent("run.sqlite") }
    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// Candidates whose numbers decimal digits would lose.
    func candidates(_ count: Int) -> [Candidate] {
        var generator = RandomKey(seed: 1).generator()
        return (1...count).map { id in
            let genotype = space.sample(using: &generator)
            if id % 5 == 0 {
                return Candidate(
                    id: id, genotype: genotype, outcome: .failed(reason: "no; 'why'\n\u{1F600}"))
            }
            let numbers = [
                0.1 + 0.2, -0.0, .leastNonzeroMagnitude, 1.0 / 3, .greatestFiniteMagnitude, 1e15,
            ]
            return Candidate(
                id: id, genotype: genotype,
                outcome: .scored(
                    Score(
                        restoring: [
                            "alignment": ScoreSummary(
                                mean: numbers[id % 6], spread: numbers[(id + 1) % 6]),
                            "mgm": ScoreSummary(mean: -numbers[id % 6], spread: 0),
                        ], parameters: 1000 + id)))
        }
    }

    func training(_ count: Int = 1000) -> StoredTraining {
        let history = (1...3).map {
            StoredEpoch(
                epoch: $0, trainingLoss: 1 / Double($0 + 2), devAccuracy: 0.1 * Double($0),
                devCrossEntropy: -0.0)
        }
        let weights = (0..<count).map { Float(bitPattern: UInt32($0) &* 2_654_435_761) }
        return StoredTraining(
            history: history,
            outcome: .trained(
                .init(
                    bestEpoch: 2, weights: weights, labels: [0, 2, 1],
                    probabilities: [0.1, 0.2, 0.7, 1, 0, 0, 0.3, 0.3, 0.4], classes: 3)))
    }
}

/// Every bit of a candidate's numbers: -0 is not 0 here.
private func bits(_ candidate: Candidate) -> [String: [UInt64]] {
    candidate.score?.values.mapValues { [$0.mean.bitPattern, $0.spread.bitPattern] } ?? [:]
}

@Suite("Run stores")
struct RunStoreTests {
    @Test("candidates, epochs, weights and predictions come back bit for bit")
    func roundTrip() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let candidates = bench.candidates(200)
        let key = TrainingKey(stage: "finalists", index: 3, genotype: "a > b")
        let other = TrainingKey(stage: "finalists", index: 4, genotype: "a > b")
        let training = bench.training()
        do {
            let store = try RunStore(creating: bench.directory, identity: bench.identity)
            try Parallel.forEach(count: 200, threads: 4) { index, _ in
                try store.append(candidates[index])
            }
            try store.appendEpoch(other, training.history[0])
            try store.finish(key, training)
            try store.enter(stage: "finalists", timings: ["search": 0.1 + 0.2])
            try store.close()
        }
        let store = try RunStore(opening: bench.directory, identity: bench.identity)
        #expect(store.isResumed)
        let found = try store.candidates(in: bench.space)
        #expect(found == candidates)
        #expect(found.map(bits) == candidates.map(bits))
        let stored = try #require(try store.training(key))
        #expect(
            stored.history.map(\.trainingLoss.bitPattern)
                == training.history.map(\.trainingLoss.bitPattern))
        #expect(stored.history.allSatisfy { $0.devCrossEntropy.sign == .minus })
        guard case .trained(let a) = stored.outcome, case .trained(let b) = training.outcome else {
            return #expect(Bool(false), "not trained")
        }
        // NaNs among the weights differ from themselves; their bits do not.
        #expect(a.weights.map(\.bitPattern) == b.weights.map(\.bitPattern))
        #expect((a.bestEpoch, a.classes) == (b.bestEpoch, b.classes))
        #expect(a.labels == b.labels && a.probabilities == b.probabilities)
        #expect(try store.training(other) == nil, "an epoch is not a training")
        #expect(try store.timings() == ["search": 0.1 + 0.2])
    }

    @Test("a training that diverged comes back as such")
    func diverged() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        let key = TrainingKey(stage: "s", index: 0, genotype: "g")
        let training = StoredTraining(history: [], outcome: .diverged(epoch: 2))
        try store.finish(key, training)
        #expect(try store.training(key) == training)
    }

    @Test("a store that is in use, was started otherwise or is there already says so")
    func refusals() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        let inUse = #expect(throws: RunStoreError.self) {
            try RunStore(opening: bench.directory, identity: bench.identity)
        }
        #expect(inUse?.description.contains("process \(getpid())") == true)
        try store.append(bench.candidates(1)[0])
        try store.close()
        let exists = #expect(throws: RunStoreError.self) {
            try RunStore(creating: bench.directory, identity: bench.identity)
        }
        #expect(exists == .alreadyThere(path: bench.directory.path))
        let changes: [(String, (inout RunIdentity) -> Void)] = [
            ("task", { $0.task = "x" }), ("seed", { $0.seed = 8 }), ("data", { $0.data = "x" }),
            ("encoder", { $0.encoder = "x" }), ("version", { $0.program = "2" }),
            ("kernels", { $0.kernels = "x" }),
            ("candidates", { $0.choices["candidates"] = "41" }),
            ("training.epochs", { $0.choices["training.epochs"] = nil }),
            ("strategy", { $0.choices["strategy"] = "evolution" }),
        ]
        for (field, change) in changes {
            var identity = bench.identity
            change(&identity)
            let error = #expect(throws: RunStoreError.self) {
                try RunStore(opening: bench.directory, identity: identity)
            }
            #expect(error?.description.contains(field) == true, "\(field)")
            #expect(error?.kind == .usage)
        }
        var other = bench.identity
        other.seed = 9
        let new = try RunStore(creating: bench.directory, identity: other, overwriting: true)
        #expect(try new.candidates(in: bench.space).isEmpty)
    }

    @Test("a run that was stopped before it had anything gives way to a new one")
    func empty() throws {
        let bench = try Bench()
        defer { bench.remove() }
        try RunStore(creating: bench.directory, identity: bench.identity).close()
        var other = bench.identity
        other.seed = 9
        try RunStore(creating: bench.directory, identity: other).close()
        // A lock file that was left behind means nothing.
        try Data("99999\n".utf8).write(to: bench.directory.appendingPathComponent("run.lock"))
        #expect(try RunStoreSummary(bench.directory).isRunning == false)
        try RunStore(opening: bench.directory, identity: other).close()
    }
}
