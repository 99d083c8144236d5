import Encoders
import Features
import Graphs
import Heads
import Metrics
import Support
import Tensors
import TestSupport
import Testing
import Training

@Suite("Adapters and means of weights")
struct LowRankAdapterTests {
    /// A fine-tuning with adapters of rank 3, whose factor is 2.
    private struct Adapted {
        let setup: FineTuneSetup
        let graph: FineTuneGraph
        let plain: FineTuneGraph
        let start: ParameterSet

        init(segments: Int = 1) throws {
            setup = try FineTuneSetup(segments: segments)
            let head = FineTuneGraph.Head(setup.genotype, in: setup.space)
            graph = try FineTuneGraph(
                head, encoder: setup.encoder.configuration, count: nil, dropout: 0.1,
                adapter: LowRankAdapter.Shape(rank: 3))
            plain = try setup.graph()
            start = try graph.parameters(
                encoder: setup.encoder, head: setup.head(), key: RandomKey(seed: 5))
        }

        func tune() throws -> TrainedHead {
            try FineTuner(FineTuneSetup.configuration, threads: 2).train(
                graph, start: start.copy(), train: setup.train, dev: setup.dev, classes: 2,
                key: RandomKey(seed: 4))
        }

        func onDev(_ graph: FineTuneGraph, _ parameters: ParameterSet) throws -> [Float] {
            try BatchedInference(graph.graph, parameters, threads: 2)
                .outputs(setup.dev).array
        }
    }

    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test("a model with adapters begins as the one without, to the bit", arguments: [1, 2])
    func begins(_ segments: Int) throws {
        let adapted = try Adapted(segments: segments)
        let without = try adapted.plain.parameters(
            encoder: adapted.setup.encoder, head: adapted.setup.head())
        #expect(
            try adapted.onDev(adapted.graph, adapted.start)
                == adapted.onDev(adapted.plain, without))
        // Two layers with four linear layers each; a head and adapters are all that is trained.
        let names = adapted.start.layout.trainable.map(\.parameter.name)
        #expect(names.filter { $0.hasSuffix("lora_A.weight") }.count == 8)
        #expect(names.filter { $0.hasSuffix("lora_B.weight") }.count == 8)
        #expect(names.allSatisfy { $0.contains("lora") || $0.hasPrefix("head") })
    }

    @Test("merged, adapters say what they said beside the weights, which were left alone")
    func merges() throws {
        let adapted = try Adapted()
        let tuned = try adapted.tune()
        #expect(tuned.history.last!.trainingLoss < tuned.history[0].trainingLoss)
        let merged = adapted.graph.merged(tuned.parameters, into: adapted.plain)
        let before = try adapted.onDev(adapted.graph, adapted.start)
        let beside = try adapted.onDev(adapted.graph, tuned.parameters)
        #expect(difference(beside, before) > 0.05)
        #expect(try difference(adapted.onDev(adapted.plain, merged), beside) < 1e-4)
        let start = adapted.start.layout
        for (index, parameter) in start.parameters.enumerated() where !parameter.isTrainable {
            #expect(
                tuned.parameters.values(start.parameters[index].name)
                    == adapted.start.values(parameter.name), "\(parameter.name)")
        }
        // W + 2 B A, number by number, where query, key and value are one layer.
        let name = "encoder.layer.1.attention.self.qkv"
        let (down, up) = (
            tuned.parameters.values("\(name).lora_A.weight")!,
            tuned.parameters.values("\(name).lora_B.weight")!
        )
        let weight = adapted.start.values("\(name).weight")!
        let width = TinyEncoder.width
        let found = merged.values("\(name).weight")!
        for row in [0, width, 3 * width - 1] {
            for column in [0, width - 1] {
                let product = (0..<3).reduce(Float(0)) {
                    $0 + up[row * 3 + $1] * down[$1 * width + column]
                }
                let expected = weight[row * width + column] + 2 * product
                #expect(abs(found[row * width + column] - expected) < 1e-6)
            }
        }
    }

    @Test("rates, ranks and shapes that make no sense are refused")
    func refused() throws {
        for rank in [0, -1, 1025] {
            var configuration = FineTuneConfiguration()
            configuration.adapterRank = rank
            #expect(throws: BadOption.self) { try FineTuner(configuration, threads: 1) }
        }
    }

    @Test("a soup is the mean of weights, of as many trainings as do not make it worse on dev")
    func soup() throws {
        let setup = try FineTuneSetup()
        let graph = try setup.graph()
        let heads = try (1...3).map { seed in
            try FineTuner(FineTuneSetup.configuration, threads: 2).train(
                graph, start: graph.parameters(encoder: setup.encoder, head: setup.head()),
                train: setup.train, dev: setup.dev, classes: 2, key: RandomKey(seed: UInt64(seed)))
        }
        let criterion = SelectionCriterion.accuracy
        func mean(_ heads: [TrainedHead]) -> [Float] {
            let count = Float(heads.count)
            return heads[0].parameters.storage.array.indices.map { place in
                heads.reduce(0) { $0 + $1.parameters.storage.pointer[place] } / count
            }
        }
        let dev = setup.dev
        // A training with itself is what it was.
        let twice = try #require(
            try WeightSoup.greedy(
                [heads[0], heads[0]], criterion: criterion, dev: dev, threads: 2))
        #expect(twice.count == 2)
        #expect(difference(twice.head.parameters.storage.array, mean([heads[0]])) < 1e-6)
        #expect(
            try WeightSoup.greedy([heads[0]], criterion: criterion, dev: dev, threads: 2) == nil)
        let best = heads.map { criterion.score($0.dev) }.ranking.map { heads[$0] }
        if let soup = try WeightSoup.greedy(heads, criterion: criterion, dev: dev, threads: 2) {
            #expect(criterion.score(soup.head.dev) >= criterion.score(best[0].dev))
            let sets = soup.count == 3 ? [best] : [[best[0], best[1]], [best[0], best[2]]]
            let found = soup.head.parameters.storage.array
            #expect(sets.contains { difference(found, mean($0)) < 1e-5 })
        }
    }
}
