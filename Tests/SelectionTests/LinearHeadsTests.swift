import Features
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
    private func linear(_ contest: Contest) -> LinearHeads {
        LinearHeads(contest: contest, key: RandomKey(seed: 4))
    }

    @Test(
        "the plain head separates separable classes, and says so of every part", arguments: [1, 2])
    func plain(_ segments: Int) throws {
        let scene = try SelectionScene(
            train: 300, dev: 90, segments: segments, classes: 3, noise: [1])
        let found = try linear(scene.contest()).run(competing: false)
        let plain = try #require(found.first)
        #expect(found.count == 1 && plain.role == .linear)
        // Fewer than 2,000 rows: dev and all four folds.
        #expect(plain.trials.count == 5 && plain.replicas.count == 5)
        #expect(plain.heldOut.map(\.count).reduce(0, +) == 390)
        #expect((plain.heldOutAccuracy ?? 0) > 0.9)
        #expect(plain.recipe.isDeterministic)
        // As a member it is fitted to dev, too, with the same penalty.
        let contest = scene.contest()
        let member = try linear(contest).refitted(plain)
        #expect(member.replicas.count == 1 && member.trials.count == 5)
        #expect(member.recipe == plain.recipe && member.genotype == plain.genotype)
        #expect(try member.testPredictions(threads: 2).map(\.count) == [30])
        guard case .exact(let strength) = plain.recipe else { preconditionFailure() }
        let all = contest.trainings.views[0][contest.trainings.everything].train
        #expect(all.count == 390)
        let path = try LogisticPath(
            scene.spaces.graph(of: plain.genotype), train: all, dev: scene.dev[0], classes: 3,
            key: RandomKey(seed: 4))
        let place = try #require(LogisticPath.strengths.firstIndex(of: strength))
        let losses = [member.replicas[0], plain.replicas[0], path.heads[place]].map {
            $0.history[0].trainingLoss
        }
        #expect(abs(losses[0] - losses[2]) < 1e-3 * losses[2] && losses[0] != losses[1])
    }

    /// Texts of which one in five is of class 1 and hard to tell from the others: who says class 0 is
    /// mostly right, who wants macro F1 has to take a chance.
    private func rare(_ features: FeatureSet) -> FeatureSet {
        features.subset((0..<features.count).filter { $0 % 2 == 0 || $0 % 8 == 1 })
    }

    @Test("the penalty is the best by the criterion")
    func criterion() throws {
        func plain(_ criterion: SelectionCriterion) throws -> Entry {
            var scene = try SelectionScene(train: 400, dev: 400, noise: [6])
            scene.configuration.training.criterion = criterion
            let (train, dev) = (rare(scene.train[0]), rare(scene.dev[0]))
            let contest = Contest(
                trainings: HeadTrainings(
                    spaces: scene.spaces,
                    parts: [HeldOutParts(train: train, dev: dev, key: scene.key)], threads: 2,
                    progress: nil),
                configuration: scene.configuration, test: scene.test, key: scene.key)
            return try linear(contest).run(competing: false)[0]
        }
        let (byAccuracy, byF1) = (try plain(.accuracy), try plain(SelectionCriterion(.macroF1)))
        #expect(byAccuracy.recipe != byF1.recipe)
        let metrics = try [byAccuracy, byF1].map {
            ClassificationMetrics(try Predictions(pooling: $0.heldOut))
        }
        #expect(metrics[0].accuracy > metrics[1].accuracy)
        #expect(metrics[0].macroF1 < metrics[1].macroF1)
    }

    @Test("contestants are the best plain heads and those that compare tokens, tried on every part")
    func competing() throws {
        let scene = try SelectionScene(train: 120, dev: 60, segments: 2, noise: [3])
        let contest = scene.contest(threads: 1)
        let found = try linear(contest).run(competing: true)
        #expect(found[0].role == .linear)
        // A single layer: one plain head, and the best four of those that compare tokens.
        #expect(found.map(\.role).count { $0 == .linear } == 1)
        #expect(found.map(\.role).count { $0 == .richLinear } == 4)
        #expect(found.allSatisfy { $0.trials.count == 5 && $0.isSound })
        #expect(found.allSatisfy { $0.heldOut.map(\.count).reduce(0, +) == 180 })
        let rest = Array(found.dropFirst())
        #expect(Entry.ranking(rest) == Array(rest.indices))
        #expect(Set(found.map(\.genotype)).count == 5)
        // Alone, the plain head is the same.
        let alone = try linear(contest).run(competing: false)
        #expect(Fingerprint(alone[0]) == Fingerprint(found[0]))

        let directory = try Directory()
        defer { directory.remove() }
        for _ in 0..<2 {
            let again = try directory.withStore {
                try linear(scene.contest(memo: $0)).run(competing: true)
            }
            #expect(again.map(Fingerprint.init) == found.map(Fingerprint.init))
        }
    }

    @Test("where a head needs one part only, each is tried on that alone")
    func manyRows() throws {
        let scene = try SelectionScene(train: 60, dev: 2000)
        let found = try linear(scene.contest()).run(competing: true)
        #expect(found.map(\.trials.count) == [1] && found.map(\.replicas.count) == [1])
    }
}
