import Heads
import Search
import Support
import Testing

@Suite("Which heads begin to be trained")
struct SpreadTests {
    private static let space = SearchSpace(
        context: HeadContext(inputWidth: 16, classes: 2, segments: 1, layers: [1, 2, 3]))
    private static let poolings = ["pool-mean", "pool-first", "pool-max", "pool-attention"]
    private static let blocks = [
        "self-attention", "feed-forward", "gated-feed-forward", "adapter", "convolution",
    ]

    /// Different heads, those that a one-sided ranking likes first: on layer 3, with mean pooling and
    /// without blocks.
    private func ranked(_ count: Int) -> [Genotype] {
        var generator = RandomKey(seed: 5).generator()
        var seen: Set<Genotype> = []
        while seen.count < count { seen.insert(Self.space.sample(using: &generator)) }
        func dislike(_ head: Genotype) -> Int {
            (Self.space.layers(of: head) == [3] ? 0 : 1)
                + (operations(head).contains("pool-mean") ? 0 : 1)
                + (Self.space.genes(of: head, in: .block).isEmpty ? 0 : 1)
        }
        return seen.sorted {
            (dislike($0), $0.description) < (dislike($1), $1.description)
        }
    }

    private func operations(_ head: Genotype) -> [String] { head.genes.map(\.operation) }

    private func choose(_ ranked: [Genotype], _ count: Int) -> [Genotype] {
        Spread.choose(ranked, count: count, in: SearchSpaces(Self.space))
    }

    @Test("every layer and their mix, every pooling and every kind of block keeps its places")
    func floors() {
        let all = ranked(600)
        let chosen = choose(all, 64)
        #expect(chosen.count == 64 && Set(chosen).count == 64)
        // Half of the places go out by floors, a third of them for each of the three: 10.67.
        let layers = Dictionary(grouping: chosen) { Self.space.layers(of: $0) }.mapValues(\.count)
        for read in [[1], [2], [3], [1, 2, 3]] { #expect(layers[read] ?? 0 >= 2, "\(layers)") }
        for pooling in Self.poolings {
            #expect(chosen.count { operations($0).contains(pooling) } >= 2, "\(pooling)")
        }
        for block in Self.blocks {
            #expect(chosen.count { operations($0).contains(block) } >= 2, "\(block)")
        }
        // The ranking has the other half.
        #expect(Array(chosen.prefix(32)) == Array(all.prefix(32)))
    }

    @Test("the heads stay in the order of their ranks", arguments: [1, 5, 24, 64, 199])
    func order(_ count: Int) {
        let all = ranked(200)
        let chosen = choose(all, count)
        #expect(chosen.count == count && chosen[0] == all[0])
        let places = chosen.compactMap { all.firstIndex(of: $0) }
        #expect(places == places.sorted() && Set(places).count == count)
    }

    @Test("where there are no more heads than places all are chosen", arguments: [8, 9, 1000])
    func few(_ count: Int) {
        let all = ranked(8)
        #expect(choose(all, count) == all)
        #expect(choose([], count).isEmpty)
    }

    @Test("heads without blocks, or of one kind, are spread by what else they are made of")
    func uniform() throws {
        let space = try SearchSpace(
            context: Self.space.context, maximumBlocks: 0,
            operations: ["layer", "projection", "pool-mean", "classifier"])
        var generator = RandomKey(seed: 7).generator()
        var seen: Set<Genotype> = []
        while seen.count < 80 { seen.insert(space.sample(using: &generator)) }
        let ranked = seen.sorted { a, b in
            let layers = [a, b].map { space.layers(of: $0).count }
            return (layers[0], a.description) < (layers[1], b.description)
        }
        let chosen = Spread.choose(ranked, count: 16, in: SearchSpaces(space))
        #expect(chosen.count == 16)
        // All places that go out by floors are for the four layers.
        #expect(chosen.count { space.layers(of: $0).count == 3 } == 2)
        #expect(chosen.count { space.layers(of: $0).count == 1 } == 14)
    }

    @Test("every view has places, and every layer of each")
    func views() {
        let spaces = SearchSpaces(
            ["a", "b"].map { view in
                SearchSpace(
                    context: HeadContext(
                        inputWidth: 16, classes: 2, segments: 1, layers: [1, 2], view: view))
            })
        var generator = RandomKey(seed: 6).generator()
        let heads = (0..<400).map { _ in spaces.sample(using: &generator) }
        let ranked = heads.filter { $0.view == "a" } + heads.filter { $0.view == "b" }
        let chosen = Spread.choose(ranked, count: 64, in: spaces)
        #expect(chosen.count { $0.view == "b" } >= 4)
        // Two layers and their mix in each view.
        for read in [[1], [2], [1, 2]] {
            #expect(chosen.contains { $0.view == "b" && spaces.layers(of: $0) == read })
        }
    }
}
