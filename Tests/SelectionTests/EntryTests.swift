import Features
import Foundation
import Graphs
import Heads
import Metrics
import RunStore
import Support
import TestSupport
import Testing
import Training

@testable import Selection

@Suite("Trained heads")
struct EntryTests {
    private let space = SearchSpace(
        context: HeadContext(inputWidth: 16, classes: 2, segments: 1))

    /// A head that says class 1 with the given probabilities.
    private func head(_ labels: [Int], _ probabilities: [Float]) throws -> TrainedHead {
        let graph = space.graph(
            of: try space.genotype("projection(width=64) > pool-mean > classifier"))
        return TrainedHead(
            graph: graph, parameters: ParameterSet(graph),
            history: [
                EpochRecord(
                    epoch: 1, trainingLoss: 1, devAccuracy: 0.5, devScore: 0.5, devCrossEntropy: 1)
            ], bestEpoch: 1,
            dev: try Predictions(labels: labels, probabilities: probabilities.map { [1 - $0, $0] }))
    }

    private func entry(_ trials: [TrainedHead?]) throws -> Entry {
        let genotype = try space.genotype("projection(width=64) > pool-mean > classifier")
        let features = try SyntheticFeatures.make(examples: 2)
        var result = Entry(
            .contestant, genotype, .adamW(TrainingConfiguration()), by: .accuracy,
            Entry.Reading(genotype, in: SearchSpaces(space), test: [features]), parameters: 1)
        for head in trials { result.add(head) }
        return result
    }

    @Test("held-out accuracy is over the rows of all parts, and undefined if one diverged")
    func pooling() throws {
        let large = try head([0, 0, 0, 0], [0.1, 0.1, 0.1, 0.9])
        let small = try head([1, 1], [0.9, 0.2])
        #expect(try entry([large, small]).heldOutAccuracy == 4.0 / 6)
        #expect(try entry([large, nil]).heldOutAccuracy == nil)
        #expect(try entry([]).heldOutAccuracy == nil)
    }

    @Test("the ranking goes by accuracy, then cross entropy, then order; what diverged is last")
    func ranking() throws {
        let labels = [0, 1]
        let right = try entry([head(labels, [0.2, 0.8])])
        let surer = try entry([head(labels, [0.1, 0.9])])
        let half = try entry([head(labels, [0.6, 0.8])])
        let diverged = try entry([nil])
        #expect(Entry.ranking([diverged, half, right, surer, surer]) == [3, 4, 2, 1, 0])
    }

    @Test("a fine-tuned head answers before the linear one where it is ahead in both measures")
    func worth() throws {
        let labels = [0, 1]
        let linear = try entry([head(labels, [0.3, 0.8])])
        let timid = try entry([head(labels, [0.6, 0.8])])
        // Both are right in one row, one is far surer of what is wrong.
        let sure = try entry([head(labels, [0.99, 0.8])])
        let better = try entry([head(labels, [0.1, 0.9])])
        let diverged = try entry([nil])
        #expect(
            FineTuneStage.isWorth([better, linear]) && !FineTuneStage.isWorth([linear, better]))
        #expect(!FineTuneStage.isWorth([sure, timid]) && FineTuneStage.isWorth([timid, sure]))
        #expect(!FineTuneStage.isWorth([linear, linear]))
        #expect(!FineTuneStage.isWorth([diverged, linear]))
        #expect(FineTuneStage.isWorth([linear, diverged]) && FineTuneStage.isWorth([diverged]))
    }

    @Test("what has not been seen has no score; the best replica on dev is the first of equals")
    func replicas() throws {
        #expect(try !entry([]).isSound && entry([]).heldOutScore == nil)
        let labels = [0, 1]
        let heads = try [[0.6, 0.8], [0.2, 0.8], [0.2, 0.8]].map { try head(labels, $0) }
        let three = try entry([heads[0]]).answering(heads, as: .tuning)
        #expect(three.role == .tuning && three.bestReplica == 1 && three.trials.count == 1)
        #expect(abs(three.devValue - 2.5 / 3) < 1e-12)
        let best = three.reduced(to: 1)
        #expect(best.replicas.count == 1 && best.heldOutAccuracy == 1 && best.devValue == 1)
        // A diverged trial leaves no replica.
        let one = try entry([heads[1], nil])
        #expect(one.replicas.count == 1 && one.trials.count == 2 && !one.isSound)
    }

    @Test("a recipe is read back from JSON as it was")
    func recipes() throws {
        var fineTuning = FineTuneConfiguration()
        fineTuning.epochs = 7
        let recipes: [Recipe] = [
            .adamW(TrainingConfiguration()), .exact(strength: 0.003), .fineTuned(fineTuning),
        ]
        let data = try JSONEncoder().encode(recipes)
        #expect(try JSONDecoder().decode([Recipe].self, from: data) == recipes)
        #expect(recipes.map(\.isDeterministic) == [false, true, false])
    }

    @Test("trainings whose weights are not kept go as those whose are, stored or not")
    func outcomes() throws {
        let train = try SyntheticFeatures.make(examples: 60, seed: 1)
        let dev = try SyntheticFeatures.make(examples: 20, seed: 2)
        let directory = try Directory()
        defer { directory.remove() }
        let store = try RunStore(directory.url, identity: directory.identity, mode: .new)
        defer { try? store.close() }
        func trainings(_ memo: TrainingMemo) -> HeadTrainings {
            HeadTrainings(
                spaces: SearchSpaces(space),
                parts: [HeldOutParts(train: train, dev: dev, key: RandomKey(seed: 5))],
                threads: 2, progress: nil, memo: memo)
        }
        var configuration = TrainingConfiguration()
        configuration.epochs = 2
        let genotype = try space.genotype("projection(width=64) > pool-mean > classifier")
        let jobs = (0..<3).map {
            TrainingJob(genotype: genotype, configuration: configuration, part: $0, seed: $0)
        }
        let key = RandomKey(seed: 6)
        let heads = try trainings(.none).train(jobs, key, stageName: "a")
        for memo in [TrainingMemo.none, TrainingMemo(store), TrainingMemo(store)] {
            let outcomes = try trainings(memo).outcomes(jobs, key, stageName: "b")
            #expect(outcomes.map { $0?.history } == heads.map { $0?.history })
            #expect(outcomes.map { $0?.dev.probabilities } == heads.map { $0?.dev.probabilities })
        }
    }
}
