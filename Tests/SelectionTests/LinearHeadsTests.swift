import Features
import Foundation
import Heads
import Metrics
import RunStore
import Support
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("Linear heads")
struct LinearHeadsTests {
    private func linear(
        train: FeatureSet, dev: FeatureSet, classes: Int = 2,
        criterion: SelectionCriterion = .accuracy, threads: Int = 1, memo: TrainingMemo = .none
    ) -> LinearHeads {
        let key = RandomKey(seed: 4)
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: classes, segments: train.segments))
        var configuration = SelectionConfiguration()
        configuration.training.criterion = criterion
        return LinearHeads(
            trainings: HeadTrainings(
                spaces: SearchSpaces(space),
                parts: [HeldOutParts(train: train, dev: dev, key: key.child("parts"))],
                threads: threads, progress: nil, memo: memo),
            configuration: configuration, test: [dev], key: key)
    }

    @Test("the plain head separates separable classes, and does as well again", arguments: [1, 2])
    func plain(_ segments: Int) throws {
        let train = try SyntheticFeatures.make(
            examples: 300, segments: segments, classes: 3, seed: 1)
        let dev = try SyntheticFeatures.make(
            examples: 90, segments: segments, classes: 3, seed: 2)
        let (plain, best) = try linear(train: train, dev: dev, classes: 3).run(competing: false)
        #expect(best == nil)
        #expect(plain.role == .linear && plain.seeds.count == 3 && plain.trials.count == 1)
        #expect(ClassificationMetrics(plain.seeds[0].dev).accuracy > 0.9)
        let test = try plain.testPredictions(threads: 2)
        #expect(test.count == 3 && test[0].probabilities == plain.seeds[0].dev.probabilities)
    }

    /// Texts of which one in five is of class 1 and hard to tell from the others: who says class 0 is
    /// mostly right, who wants macro F1 has to take a chance.
    private func rare(_ examples: Int, seed: UInt64) throws -> FeatureSet {
        try SyntheticFeatures.make(examples: examples, noise: 4, seed: seed)
            .subset((0..<examples).filter { $0 % 2 == 0 || $0 % 8 == 1 })
    }

    @Test("the penalty is the best by the criterion")
    func criterion() throws {
        let (train, dev) = (try rare(400, seed: 1), try rare(400, seed: 2))
        func plain(_ criterion: SelectionCriterion) throws -> Entry {
            try linear(train: train, dev: dev, criterion: criterion).run(competing: false).plain
        }
        let (byAccuracy, byF1) = (try plain(.accuracy), try plain(SelectionCriterion(.macroF1)))
        #expect(byAccuracy.recipe != byF1.recipe)
        let a = ClassificationMetrics(byAccuracy.seeds[0].dev)
        let b = ClassificationMetrics(byF1.seeds[0].dev)
        #expect(a.accuracy > b.accuracy && a.macroF1 < b.macroF1)
    }

    @Test("rivals are compared on dev and folds; threads and a store change nothing")
    func rivals() throws {
        let train = try SyntheticFeatures.make(examples: 120, segments: 2, noise: 3, seed: 1)
        let dev = try SyntheticFeatures.make(examples: 60, segments: 2, noise: 3, seed: 2)
        let (plain, found) = try linear(train: train, dev: dev).run(competing: true)
        let best = try #require(found)
        // Fewer than 2,000 rows: dev and all four folds.
        #expect(best.trials.count == 5 && best.heldOut.map(\.count).reduce(0, +) == 180)
        #expect(plain.trials.count == 1)

        let bench = try Directory()
        defer { bench.remove() }
        for mode in [RunStore.Mode.new, .resume] {
            let store = try RunStore(bench.url, identity: bench.identity, mode: mode)
            defer { try? store.close() }
            let again = try linear(
                train: train, dev: dev, threads: 2, memo: TrainingMemo(store)
            ).run(competing: true)
            #expect(again.best?.genotype == best.genotype && again.best?.recipe == best.recipe)
            #expect(
                again.best?.heldOut.map(\.probabilities) == best.heldOut.map(\.probabilities))
            #expect(
                again.plain.seeds[0].parameters.storage.array
                    == plain.seeds[0].parameters.storage.array)
        }
    }
}

/// A run's directory.
struct Directory {
    let url: URL
    let identity = RunIdentity(
        program: "1", kernels: "k", task: "toy", data: "d", encoder: "e", seed: 7, choices: [:])

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("selection-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
