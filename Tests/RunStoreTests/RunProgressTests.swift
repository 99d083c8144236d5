import Foundation
import RunStore
import Support
import Testing
import Training

@Suite("The progress of a run")
struct RunProgressTests {
    @Test(
        "it has what the store has while the run writes, the best head first, and holds up nothing")
    func whileWriting() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        for candidate in bench.candidates(10) { try store.append(candidate) }
        let head = try bench.head()
        let finished = TrainingKey(stage: "funnel", index: 0, genotype: "a > b")
        let begun = TrainingKey(stage: "funnel", index: 1, genotype: "a > c")
        try store.finish(finished, .trained(head))
        try store.appendEpoch(begun, head.history[0])
        try store.enter(stage: "funnel", timings: ["stage search": 1.5, "cpu": 3])
        try store.flush()
        let progress = try RunProgress(bench.directory)
        #expect(progress.isRunning)
        #expect(progress.stage == "funnel")
        #expect(progress.task == "toy")
        #expect((progress.scored, progress.failed) == (8, 2))
        #expect(progress.timings == ["search": 1.5])
        #expect(progress.heads.map(\.genotype) == ["a > b", "a > c"])
        #expect(progress.heads.map(\.epochs) == [3, 1])
        #expect(progress.heads.map(\.isFinished) == [true, false])
        #expect(progress.heads.map(\.accuracy) == [0.1 * 3, 0.1])
        #expect(try RunProgress(bench.directory, heads: 1).heads.count == 1)
        // Once the choice is made, heads are trained on the rows that were held out before.
        let control = TrainingKey(stage: "MLP 1", index: 0, genotype: "a > d")
        let last = TrainingKey(stage: "linear heads 2", index: 0, genotype: "a > e")
        try store.appendEpoch(control, head.history[1])
        try store.appendEpoch(last, head.history[2])
        try store.flush()
        let late = try RunProgress(bench.directory)
        #expect(late.heads.map(\.genotype) == ["a > b", "a > d", "a > c"])
        // The writer goes on as before.
        try store.enter(stage: RunStore.completeStage)
        try store.close()
        let after = try RunProgress(bench.directory)
        #expect(!after.isRunning)
        #expect(after.stage == RunStore.completeStage)
    }

    @Test("where numbers are predicted and there is no accuracy, the score says which is best")
    func numbers() throws {
        let bench = try Bench()
        defer { bench.remove() }
        let store = try RunStore(creating: bench.directory, identity: bench.identity)
        for (place, scores) in [[-0.3, -0.5], [0.2, 0.6, 0.4]].enumerated() {
            let key = TrainingKey(stage: "funnel", index: place, genotype: "\(place)")
            for (epoch, score) in scores.enumerated() {
                try store.appendEpoch(
                    key,
                    EpochRecord(
                        epoch: epoch + 1, trainingLoss: 1, devAccuracy: .nan, devScore: score,
                        devCrossEntropy: 1 - score))
            }
        }
        try store.flush()
        let heads = try RunProgress(bench.directory).heads
        #expect(heads.map(\.genotype) == ["1", "0"])
        #expect(heads.map(\.score) == [0.6, -0.3])
        #expect(heads.map(\.crossEntropy) == [0.4, 1.3])
        #expect(heads.allSatisfy { $0.accuracy == nil })
        try store.close()
    }

    @Test("what is no store is an error")
    func noStore() throws {
        let bench = try Bench()
        defer { bench.remove() }
        #expect(throws: FileError.self) { try RunProgress(bench.directory) }
        try Data("not a database at all, but long enough".utf8).write(to: bench.database)
        #expect(throws: RunStoreError.self) { try RunProgress(bench.directory) }
    }
}
