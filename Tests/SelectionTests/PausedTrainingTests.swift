import Graphs
import Heads
import Metrics
import RunStore
import Support
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("Trainings that pause")
struct PausedTrainingTests {
    /// Four steps an epoch.
    private let scene: SelectionScene
    private let jobs: [TrainingJob]

    init() throws {
        let scene = try SelectionScene(train: 100)
        self.scene = scene
        jobs = scene.heads(3).map {
            TrainingJob(genotype: $0, configuration: scene.configuration.training)
        }
    }

    private func advance(
        _ trainings: HeadTrainings, epochs: Int = 1, rows: Int
    ) throws -> [TrainingOutcome?] {
        try trainings.advance(jobs, scene.key, epochs: epochs, rows: rows, stageName: "a")
    }

    private func expectSame(_ a: [TrainingOutcome?], _ b: [TrainingOutcome?]) {
        #expect(a.map { $0?.history } == b.map { $0?.history })
        #expect(a.map { $0?.dev.probabilities } == b.map { $0?.dev.probabilities })
    }

    @Test("within an epoch the history has what the weights of that moment say")
    func partOfEpoch() throws {
        // Rows count by whole batches.
        let outcomes = try advance(scene.contest().trainings, rows: 40)
        for (job, outcome) in zip(jobs, outcomes) {
            let training = try HeadTraining(
                job.configuration, scene.spaces.graph(of: job.genotype), train: scene.train[0],
                dev: scene.dev[0], classes: 2, key: job.key(scene.key))
            try training.run(steps: 2)
            let expected = try training.headSoFar()
            #expect(outcome?.dev.probabilities == (try training.predictions()).probabilities)
            #expect(outcome?.history == expected.history)
            let record = try #require(outcome?.history.first)
            #expect(record.epoch == 1 && outcome?.history.count == 1)
            let metrics = try ClassificationMetrics(training.predictions())
            #expect(record.devAccuracy == metrics.accuracy)
            #expect(record.devCrossEntropy == metrics.crossEntropy)
            // A mean over the rows so far: near that of a guess.
            #expect((0.3...1.5).contains(record.trainingLoss))
        }
    }

    @Test("a part of an epoch is stored, read back, and gone when the epoch is whole")
    func stored() throws {
        let directory = try Directory()
        defer { directory.remove() }
        let plain = scene.contest().trainings
        let part = try advance(plain, rows: 40)
        let epoch = try advance(plain, rows: 1000)
        let both = try advance(plain, epochs: 2, rows: 150)
        #expect(part.map { $0?.history.count } == [1, 1, 1])
        #expect(epoch.map { $0?.history.count } == [1, 1, 1])
        // Five steps: an epoch and a part of the second.
        #expect(both.map { $0?.history.count } == [2, 2, 2])
        #expect(part.map { $0?.history[0] } != epoch.map { $0?.history[0] })
        #expect(epoch.map { $0?.history[0] } == both.map { $0?.history[0] })
        let whole = try plain.train(jobs, scene.key, stageName: "b")
        let fresh = try scene.contest().trainings.train(jobs, scene.key, stageName: "b")
        #expect(
            whole.map { $0?.parameters.storage.array }
                == fresh.map { $0?.parameters.storage.array })
        #expect(whole.map { $0?.history } == fresh.map { $0?.history })

        // The first time they are trained, each in a process of its own; the second time they are read.
        for _ in 0..<2 {
            for (expected, epochs, rows) in [(part, 1, 40), (epoch, 1, 1000), (both, 2, 150)] {
                let found = try directory.withStore {
                    try advance(scene.contest(memo: $0).trainings, epochs: epochs, rows: rows)
                }
                expectSame(found, expected)
            }
        }
        #expect(try RunStoreSummary(directory.url).trainings == 9)
    }

    @Test("what was dropped begins anew, with the same bits")
    func dropped() throws {
        let trainings = scene.contest().trainings
        let first = try advance(trainings, rows: 40)
        trainings.drop(except: [jobs[1]], scene.key)
        expectSame(
            try advance(trainings, epochs: 2, rows: 150),
            try advance(
                scene.contest().trainings, epochs: 2, rows: 150))
        trainings.drop(except: [], scene.key)
        expectSame(try advance(trainings, rows: 40), first)
    }

    @Test("dev that gives no finite probabilities is a training that diverged")
    func infinite() throws {
        let broken = try SelectionScene(noise: [.infinity])
        let job = jobs[0]
        let training = try HeadTraining(
            job.configuration, scene.spaces.graph(of: job.genotype), train: scene.train[0],
            dev: broken.dev[0], classes: 2, key: job.key(scene.key))
        #expect(throws: TrainingError.diverged(epoch: 1)) { try training.run(steps: 4) }
        let again = try HeadTraining(
            job.configuration, scene.spaces.graph(of: job.genotype), train: scene.train[0],
            dev: broken.dev[0], classes: 2, key: job.key(scene.key))
        try again.run(steps: 2)
        #expect(throws: TrainingError.diverged(epoch: 1)) { try again.headSoFar() }
    }
}
