import Graphs
import Heads
import Support
import Testing

@Suite("Texts of heads that are hostile")
struct HostileGenotypeTests {
    private let space = SearchSpace(
        context: HeadContext(inputWidth: 16, classes: 3, segments: 1, layers: [1, 2]))

    @Test("a megabyte of white space takes no second")
    func whiteSpace() {
        let space = String(repeating: "\t", count: 1 << 20)
        let start = ContinuousClock.now
        #expect(throws: GenotypeError.self) { try self.space.genotype("pool-mean" + space) }
        #expect(throws: GenotypeError.self) { try self.space.genotype(space) }
        #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test("a text of thousands of operations is refused before a graph is made of it")
    func length() throws {
        func head(_ blocks: Int) -> String {
            "projection(width=full) > " + String(repeating: "feed-forward > ", count: blocks)
                + "pool-mean > classifier"
        }
        #expect(throws: Never.self) { space.graph(of: try space.genotype(head(100))) }
        for blocks in [128, 50_000] {
            let error = #expect(throws: GenotypeError.self) { try space.genotype(head(blocks)) }
            #expect(error?.description.contains("at most 128 operations") == true)
        }
    }
}
