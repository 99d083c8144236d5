import Foundation
import Graphs
import Heads
import Metrics
import RunStore
import Scoring
import Search
import Support
import Testing
import Training

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
                        values: [
                            "alignment": ScoreSummary(
                                mean: numbers[id % 6], spread: numbers[(id + 1) % 6]),
                            "mgm": ScoreSummary(mean: -numbers[id % 6], spread: 0),
                        ], parameters: 1000 + id)))
        }
    }

    /// The graph of a head with some 3,000 weights, or some 30,000.
    func graph(large: Bool = false) throws -> Graph {
        let blocks = large ? "self-attention > feed-forward > " : ""
        return space.graph(
            of: try space.genotype(
                "projection(width=64) > \(blocks)pool-mean > classifier(hidden=0)"))
    }

    /// A head whose weights are all sorts of bits, those of NaNs too.
    func head(large: Bool = false) throws -> TrainedHead {
        let history = (1...3).map {
            EpochRecord(
                epoch: $0, trainingLoss: 1 / Double($0 + 2), devAccuracy: 0.1 * Double($0),
                devScore: -1 / Double($0 + 5), devCrossEntropy: -0.0)
        }
        let graph = try graph(large: large)
        let parameters = ParameterSet(graph)
        for index in 0..<parameters.storage.count {
            parameters.storage.pointer[index] = Float(
                bitPattern: UInt32(index) &* 2_654_435_761)
        }
        return TrainedHead(
            graph: graph, parameters: parameters, history: history, bestEpoch: 2,
            dev: try Predictions(
                labels: [0, 2, 1], probabilities: [0.1, 0.2, 0.7, 1, 0, 0, 0.3, 0.3, 0.4],
                classes: 3))
    }
}

extension TrainedHead {
    /// Every bit of its numbers: NaNs among the weights differ from themselves, their bits do not.
    var bits: [[UInt64]] {
        [
            parameters.storage.array.map { UInt64($0.bitPattern) },
            history.flatMap {
                [
                    UInt64($0.epoch), $0.trainingLoss.bitPattern, $0.devAccuracy.bitPattern,
                    $0.devScore.bitPattern, $0.devCrossEntropy.bitPattern,
                ]
            },
            [UInt64(bestEpoch), UInt64(dev.classes)], dev.labels.map(UInt64.init),
            dev.probabilities.map { UInt64($0.bitPattern) },
        ]
    }
}

extension StoredTraining {
    /// The head, where the training did not diverge.
    var head: TrainedHead? { if case .trained(let head) = self { head } else { nil } }
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
        let head = try bench.head()
        do {
            let store = try RunStore(creating: bench.directory, identity: bench.identity)
            try Parallel.forEach(count: 200, threads: 4) { index, _ in
                try store.append(candidates[index])
            }
            try store.appendEpoch(other, head.history[0])
            try store.finish(key, .trained(head))
            try store.enter(stage: "finalists", timings: ["search": 0.1 + 0.2])
            try store.close()
        }
        let store = try RunStore(opening: bench.directory, identity: bench.identity)
        #expect(store.isResumed)
        let found = try store.candidates(in: SearchSpaces(bench.space))
        #expect(found == candidates)
        #expect(found.map(bits) == candidates.map(bits))
        let stored = try #require(try store.training(key, of: bench.graph())?.head)
        #expect(stored.bits == head.bits)
        #expect(stored.history.allSatisfy { $0.devCrossEntropy.sign == .minus })
        #expect(stored.graph == head.graph && stored.dev.predicted == head.dev.predicted)
        let unfinished = try store.training(other, of: bench.graph())
        #expect(unfinished == nil, "an epoch is not a training")
        #expect(try store.timings() == ["search": 0.1 + 0.2])
    }

    @Test("a training that diverged comes back as such")
    func diverged() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        let key = TrainingKey(stage: "s", index: 0, genotype: "g")
        let history = Array(try bench.head().history.prefix(1))
        try store.finish(key, .diverged(epoch: 2, history: history))
        let found = try store.training(key, of: bench.graph())
        guard case .diverged(epoch: 2, history: history) = found else {
            return #expect(Bool(false), "\(String(describing: found))")
        }
    }

    @Test(
        "what is finished is not trained again, and its epochs are reported again",
        arguments: [false, true])
    func memory(_ diverges: Bool) throws {
        let bench = try Bench()
        defer { bench.remove() }
        let key = TrainingKey(stage: "s", index: 0, genotype: "g")
        let head = try bench.head()
        var trainings = 0
        /// Trains in a process of its own, as it were; returns the epochs that were told.
        func train(stopAfter: Int = .max) throws -> [Int] {
            let store = try RunStore(bench.directory, identity: bench.identity, mode: .resume)
            defer { try? store.close() }
            var told: [Int] = []
            let found = try store.head(key, of: head.graph) { record in
                told.append(record.epoch)
                if told.count == stopAfter { throw CancellationError() }
            } training: { onEpoch in
                trainings += 1
                for record in head.history { try onEpoch(record) }
                if diverges { throw TrainingError.diverged(epoch: 4) }
                return head
            }
            #expect(found.bits == head.bits)
            return told
        }
        func outcome(stopAfter: Int = .max) throws -> [Int] {
            guard diverges else { return try train(stopAfter: stopAfter) }
            #expect(throws: TrainingError.diverged(epoch: 4)) { try train() }
            return [1, 2, 3]
        }
        #expect(throws: CancellationError.self) { _ = try train(stopAfter: 2) }
        #expect(trainings == 1)
        #expect(try outcome() == [1, 2, 3])
        #expect(trainings == 2)
        #expect(try outcome() == [1, 2, 3])
        #expect(trainings == 2)
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
        #expect(try new.candidates(in: SearchSpaces(bench.space)).isEmpty)
    }

    @Test("a run whose data has changed says which file")
    func otherData() throws {
        let bench = try Bench()
        defer { bench.remove() }
        var identity = bench.identity
        identity.files = ["train.csv": "1", "test.csv": "2"]
        try RunStore(creating: bench.directory, identity: identity).close()
        func message() -> String {
            do {
                _ = try RunStore(opening: bench.directory, identity: identity)
            } catch {
                return "\(error)"
            }
            return ""
        }
        // What the files are called decides nothing.
        identity.files = ["other.csv": "1"]
        #expect(message() == "")
        identity.files = ["train.csv": "1", "test.csv": "3"]
        identity.data = "another"
        #expect(message().contains("the data changed: test.csv; restore it"))
        identity.files = ["train.csv": "1", "test.csv": "2"]
        #expect(message().contains("the data changed: the rows that the task takes of its files"))
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
