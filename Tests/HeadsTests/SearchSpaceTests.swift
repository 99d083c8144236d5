import Graphs
import Heads
import Support
import Testing

@Suite("The search space")
struct SearchSpaceTests {
    private static let pair = SearchSpace(
        context: HeadContext(inputWidth: 384, classes: 3, segments: 2, layers: [9, 10, 12]))
    private static let single = SearchSpace(
        context: HeadContext(inputWidth: 384, classes: 8, segments: 1))

    @Test("it has more than ten million heads")
    func size() {
        #expect(Self.pair.count > 1e7)
        #expect(Self.single.count > 1e7)
        #expect(Self.pair.count > Self.single.count)
    }

    @Test(
        "the usual bound on cost keeps most heads, and none of those that cost many times the others"
    )
    func usualCost() {
        for (space, lengths) in [(Self.pair, [20, 30]), (Self.single, [40])] {
            let bounded = HeadLimits(lengths: lengths).usual(in: space)
            let bound = bounded.multiplyAdds ?? 0
            let example = Batch(lengths: lengths, segments: lengths.count)
            var generator = RandomKey(seed: 4).generator()
            let costs = (0..<200).map { _ in
                Double(space.graph(of: space.sample(using: &generator)).multiplyAdds(example))
            }.sorted()
            #expect(costs.count { $0 <= bound } > 110 && costs[0] <= bound)
            #expect(abs(bound / costs[100] - 1.5) < 0.5 && costs[199] > bound)
            // What the user says stays, and the same space has the same bound again.
            #expect(bounded == HeadLimits(lengths: lengths).usual(in: space))
            let given = HeadLimits(multiplyAdds: 7, lengths: lengths)
            #expect(given.usual(in: space) == given)
        }
    }

    @Test("the text form is read back as the same head")
    func roundTrip() throws {
        for space in [Self.pair, Self.single] {
            var generator = RandomKey(seed: 3).generator()
            for _ in 0..<500 {
                let genotype = space.sample(using: &generator)
                #expect(try space.genotype(genotype.description) == genotype)
            }
        }
    }

    @Test("an operation that is not drawn by default is drawn where it is named")
    func drawnByName() throws {
        var generator = RandomKey(seed: 6).generator()
        for _ in 0..<300 {
            let text = Self.pair.sample(using: &generator).description
            #expect(!text.contains("coverage") && !text.contains("alignment"))
        }
        let wider = try SearchSpace(
            context: Self.pair.context, operations: ["default", "alignment"])
        let drawn = (0..<100).map { _ in wider.sample(using: &generator).description }
        #expect(drawn.contains { $0.contains("alignment") })
        #expect(drawn.contains { $0.contains("adapter") })
        #expect(!drawn.contains { $0.contains("coverage") })
        let space = try SearchSpace(
            context: Self.pair.context,
            operations: ["layer", "coverage", "pool-mean", "pair", "classifier"])
        #expect(space.sample(using: &generator).description.contains("coverage"))
        #expect(space.count > 100)
    }

    @Test("a token that the other text has is covered better than one that it lacks")
    func coverage() throws {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 32, classes: 2, segments: 2, layers: [1]))
        var generator = RandomKey(seed: 8).generator()
        let words = (0..<6).map { _ in (0..<32).map { _ in generator.uniform(bound: 1) } }
        // The second text has words 0, 1, 2; the first has 3 and 4 besides.
        let rows = [0, 1, 2, 3, 4, 0, 1, 2].flatMap { words[$0] }
        for sharpness in [1, 2, 4] {
            let graph = space.graph(
                of: try space.genotype(
                    "coverage(sharpness=\(sharpness)) > pool-mean > pair > classifier(hidden=0)"))
            #expect(graph.trainableCount == 2 * 32 + 2)
            let place = try #require(
                graph.nodes.firstIndex { $0.space == .sequences && $0.width == 8 })
            let bins = graph.upTo(node: graph.nodes[place].inputs[0])
            let parameters = ParameterSet(bins)
            parameters.initialize(key: RandomKey(seed: 1))
            let executor = Executor(bins)
            rows.withUnsafeBufferPointer { rows in
                var batch = Batch(lengths: [5, 3], segments: 2)
                batch.inputs = [rows.baseAddress!]
                executor.calibrate(batch, parameters: parameters)
                let values = executor.forward(batch, parameters: parameters)
                let levels = (0..<8).map { token in
                    (0..<8).reduce(Float(0)) { $0 + values[token * 8 + $1] }
                }
                let covered = [0, 1, 2, 5, 6, 7].map { levels[$0] }
                #expect(covered.min()! > max(levels[3], levels[4]), "\(levels)")
            }
        }
    }

    @Test("the enumeration holds every head of a small space once", arguments: [1, 2])
    func enumeration(_ segments: Int) throws {
        let space = try SearchSpace(
            context: HeadContext(inputWidth: 64, classes: 2, segments: segments),
            maximumBlocks: 1,
            operations: [
                "layer", "projection", "self-attention", "pool-mean", "pool-max", "pair",
                "classifier",
            ])
        let enumeration = try #require(SpaceEnumeration(space))
        #expect(Double(enumeration.count) == space.count)
        var seen: Set<Genotype> = []
        // Every hundredth head, and the neighbours of the ends.
        let places = Array(stride(from: 0, to: enumeration.count, by: 97)) + [enumeration.count - 1]
        for place in places {
            let genotype = enumeration[place]
            #expect(try space.genotype(genotype.description) == genotype)
            #expect(seen.insert(genotype).inserted)
        }
        #expect(SpaceEnumeration(Self.pair) == nil)
    }

    @Test("operations that heads are drawn from can be named; texts may name all")
    func restricted() throws {
        let context = HeadContext(inputWidth: 64, classes: 2, segments: 1)
        let names = ["layer", "projection", "adapter", "pool-max", "classifier"]
        let space = try SearchSpace(context: context, operations: names)
        var generator = RandomKey(seed: 5).generator()
        for _ in 0..<100 {
            let genotype = space.sample(using: &generator)
            #expect(genotype.genes.allSatisfy { names.contains($0.operation) })
            let neighbour = space.mutate(genotype, using: &generator)
            #expect(neighbour.genes.allSatisfy { names.contains($0.operation) })
        }
        let other = try space.genotype("projection > pool-mean > classifier")
        #expect(space.graph(of: other).trainableCount > 0)
        #expect(throws: GenotypeError.self) {
            try SearchSpace(context: context, operations: names + ["poool-mean"])
        }
        let error = #expect(throws: GenotypeError.self) {
            try SearchSpace(context: context, operations: ["projection", "classifier", "layer"])
        }
        #expect(error?.description.contains("pool-mean") == true)
    }

    @Test("choices that change nothing have one spelling")
    func canonical() throws {
        let tail = "pool-mean > pair > classifier"
        let a = try Self.pair.genotype("projection(width=full,activation=tanh) > \(tail)")
        let b = try Self.pair.genotype("projection(width=full,activation=none) > \(tail)")
        #expect(a == b)
        let c = try Self.pair.genotype(
            "projection > pool-mean > pair > classifier(hidden=0,activation=relu)")
        let d = try Self.pair.genotype(" projection>pool-mean > pair >classifier ( hidden = 0 ) ")
        #expect(c == d)
        #expect(c.description == d.description)
    }

    @Test("a head reads the layers it names, the last where it names none, or a mix of all")
    func layers() throws {
        let tail = "projection > pool-mean > pair > classifier"
        func layers(_ text: String) throws -> [Int] {
            Self.pair.layers(of: try Self.pair.genotype(text))
        }
        #expect(try layers(tail) == [12])
        #expect(try layers("layer(of=10,norm=standard) > \(tail)") == [10])
        #expect(try layers("layer(of=mix) > \(tail)") == [9, 10, 12])
        #expect(throws: GenotypeError.self) { try layers("layer(of=11) > \(tail)") }
        #expect(throws: GenotypeError.self) {
            try Self.single.genotype("layer(of=mix) > projection > pool-mean > classifier")
        }
        let mixed = Self.pair.graph(of: try Self.pair.genotype("layer(of=mix) > \(tail)"))
        #expect(mixed.parameters.contains { $0.name == "head.0.layer.mix" && $0.shape == [3] })
    }

    @Test("every sampled head lowers to logits, and its parameters have unique names")
    func lowering() {
        for space in [Self.pair, Self.single] {
            var generator = RandomKey(seed: 4).generator()
            for _ in 0..<200 {
                let graph = space.graph(of: space.sample(using: &generator))
                #expect(graph.output.width == space.context.classes)
                #expect(graph.output.space == .examples)
                #expect(Set(graph.parameters.map(\.name)).count == graph.parameters.count)
            }
        }
    }

    @Test("a mutation is another head of the space")
    func mutation() throws {
        var generator = RandomKey(seed: 5).generator()
        var genotype = Self.pair.sample(using: &generator)
        for _ in 0..<500 {
            let child = Self.pair.mutate(genotype, using: &generator)
            #expect(child != genotype)
            let blocks = child.genes.count {
                OperationRegistry.standard[$0.operation]?.slot == .block
            }
            #expect(blocks <= Self.pair.maximumBlocks)
            #expect(try Self.pair.genotype(child.description) == child)
            genotype = child
        }
    }

    @Test(
        "a text that is not a head is refused with a reason",
        arguments: [
            "", "projection", "projection > pool-mean > pair > classifier > classifier",
            "projektion > pool-mean > pair > classifier",
            "projection(width=7) > pool-mean > pair > classifier",
            "projection(size=128) > pool-mean > pair > classifier",
            "projection(width=128 > pool-mean > pair > classifier",
            "projection(width) > pool-mean > pair > classifier",
            "projection(width=96,width=64) > pool-mean > pair > classifier",
            "pool-mean > projection > pair > classifier", "projection > > pair > classifier",
            "projection > pool-mean > classifier", "layer > layer > projection > pool-mean > pair",
            "projection > layer > pool-mean > pair > classifier",
        ])
    func hostileTexts(_ text: String) {
        #expect(throws: GenotypeError.self) { try Self.pair.genotype(text) }
    }

    @Test("operations for pairs are refused for single texts")
    func noPair() {
        #expect(throws: GenotypeError.self) {
            try Self.single.genotype(
                "projection > cross-attention > pool-mean > classifier")
        }
    }

    @Test("random texts never crash the parser")
    func fuzz() {
        let alphabet = Array("projection(width=128)>pool-mean,()=> ")
        var generator = RandomKey(seed: 6).generator()
        for _ in 0..<5000 {
            let text = String(
                (0..<generator.index(below: 40)).map { _ in
                    alphabet[generator.index(below: alphabet.count)]
                })
            _ = try? Self.pair.genotype(text)
        }
    }
}
