import Graphs
import Heads
import Support
import Testing

@Suite("Texts of heads that are hostile")
struct HostileGenotypeTests {
    private let space = SearchSpace(
        context: HeadContext(inputWidth: 16, classes: 3, segments: 1, layers: [1, 2]))

    @Test("a megabyte of white space after an operation is refused unread")
    func whiteSpace() {
        // Case 471 of seed 1: it took more than a second.
        let text = "pool-mean" + String(repeating: "\t", count: 1 << 20)
        let start = ContinuousClock.now
        let error = #expect(throws: GenotypeError.self) { try space.genotype(text) }
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect((error?.description.count ?? 0) < 300)
    }

    @Test("a text of thousands of operations is refused before a graph is made of it")
    func length() throws {
        func head(_ blocks: Int) -> String {
            "projection(width=full) > " + String(repeating: "feed-forward > ", count: blocks)
                + "pool-mean > classifier"
        }
        #expect(throws: Never.self) { space.graph(of: try space.genotype(head(100))) }
        for blocks in [128, 4_000] {
            let error = #expect(throws: GenotypeError.self) { try space.genotype(head(blocks)) }
            #expect(error?.description.contains("at most 128 operations") == true)
        }
    }
}
