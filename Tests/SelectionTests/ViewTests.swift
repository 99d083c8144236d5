import Features
import Foundation
import Heads
import Support
import Tasks
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("Views")
struct ViewTests {
    @Test("views are named by encoder and pairing, all differently")
    func names() {
        let encoders = ["multilingual-e5-small", "/models/my: (bert)/", "other/my: (bert)"]
        #expect(
            ViewNames.list(encoders: encoders, pairings: []) == [
                ["multilingual-e5-small"], ["my---bert-"], ["my---bert--2"],
            ])
        #expect(
            ViewNames.list(encoders: ["a"], pairings: [.siamese, .joint]) == [
                ["a/siamese", "a/joint"]
            ])
    }

    /// Two views of the same rows: the first of noise, the second with the classes in it.
    private func trainings(
        threads: Int = 2
    ) throws -> (HeadTrainings, test: [FeatureSet], single: HeadTrainings) {
        let sets = try [1, 2, 3].map { seed in
            [
                try SyntheticFeatures.make(examples: 90, noise: 500, seed: seed),
                try SyntheticFeatures.make(examples: 90, width: 24, segments: 2, seed: seed + 10),
            ]
        }
        func space(_ place: Int, _ view: String?) -> SearchSpace {
            let features = sets[0][place]
            return SearchSpace(
                context: HeadContext(
                    inputWidth: features.width, classes: 2, segments: features.segments,
                    view: view))
        }
        let key = RandomKey(seed: 3)
        let trainings = HeadTrainings(
            spaces: SearchSpaces([space(0, "noise"), space(1, "good")]),
            parts: HeldOutParts.views(train: sets[0], dev: sets[1], key: key), threads: threads,
            progress: nil)
        let single = HeadTrainings(
            spaces: SearchSpaces(space(1, "good")),
            parts: HeldOutParts.views(train: [sets[0][1]], dev: [sets[1][1]], key: key),
            threads: 1, progress: nil)
        return (trainings, sets[2], single)
    }

    @Test("all views hold the same rows out")
    func folds() throws {
        let (trainings, _, _) = try trainings()
        #expect(trainings.partCount == 5 && trainings.partCount(holdingOut: 95) == 2)
        for part in 0..<5 {
            let data = trainings.views.map { $0[part] }
            #expect(data[0].train.labels == data[1].train.labels)
            #expect(data[0].dev.labels == data[1].dev.labels)
            #expect(data.map(\.train.width) == [16, 24])
        }
    }

    @Test("a head is trained on its own view, as in a search that has no other")
    func training() throws {
        let (trainings, _, single) = try trainings()
        let text = "good: projection(width=64) > pool-mean > pair > classifier"
        var configuration = TrainingConfiguration()
        configuration.epochs = 2
        let jobs = try [
            "noise: projection(width=64) > pool-mean > classifier", text,
        ].map { text in
            TrainingJob(
                genotype: try trainings.spaces.genotype(text), configuration: configuration, part: 1
            )
        }
        let key = RandomKey(seed: 6)
        let both = try trainings.train(jobs, key, stageName: "a")
        let alone = try single.train([jobs[1]], key, stageName: "a")
        #expect(both.count == 2 && both.allSatisfy { $0 != nil })
        #expect(
            both[1]?.parameters.storage.array == alone[0]?.parameters.storage.array)
        #expect(both[1]?.dev.probabilities == alone[0]?.dev.probabilities)
    }

    @Test("linear heads and the MLP of every view are tried; those of the better one come first")
    func linear() throws {
        let (trainings, test, _) = try trainings()
        var configuration = SelectionConfiguration()
        configuration.training.epochs = 2
        let key = RandomKey(seed: 7)
        let contest = Contest(
            trainings: trainings, configuration: configuration, test: test, key: key)
        let linear = try LinearHeads(contest: contest, key: key).run(competing: true)
        #expect(linear[0].genotype.view == "good" && linear[0].role == .linear)
        #expect(Set(linear.map(\.genotype.view)) == ["good", "noise"])
        #expect(linear[1].genotype.view == "good")
        #expect(try linear[0].testPredictions(threads: 1).map(\.count) == [90, 90, 90, 90, 90])
        let heads = try ["noise: ", "good: "].map {
            try trainings.spaces.genotype(
                $0 + "projection(width=64) > pool-mean > "
                    + ($0 == "good: " ? "pair > " : "") + "classifier")
        }
        let tried = try contest.tried(
            heads.map { contest.entry(.contestant, $0) }, stageName: "heads")
        #expect(Entry.ranking(tried) == [1, 0])
        #expect(tried.allSatisfy { $0.trials.count == 5 && $0.replicas.count == 5 })
    }
}
