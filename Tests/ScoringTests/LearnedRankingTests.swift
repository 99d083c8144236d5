import Foundation
import Heads
import Scoring
import Testing

@Suite("The learned ranking")
struct LearnedRankingTests {
    /// Made by `Benchmarks/heads/rank.py --write`.
    private struct Golden: Decodable {
        struct Head: Decodable {
            let genotype: String
            let scores: [String: Double]
            let value: Double
        }

        let layers: [String: Double]
        let heads: [Head]

        init() throws {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("Fixtures/learned.json")
            self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        }

        var standings: LayerStandings {
            LayerStandings(
                layers.map {
                    LayerStandings.Layer(
                        view: nil, layer: Int($0.key) ?? -1, crossEntropy: $0.value)
                })
        }

        /// The heads, of pairs of texts, in a space of this view.
        func scored(view: String? = nil) throws -> [(genotype: Genotype, score: Score)] {
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: 384, classes: 2, segments: 2, layers: Array(0...12), view: view))
            return try heads.map { head in
                let score = Score(
                    values: head.scores.mapValues { ScoreSummary(mean: $0, spread: 0) },
                    parameters: 1)
                return (try space.genotype(head.genotype).inView(view), score)
            }
        }
    }

    @Test("it gives the values of the script that fitted it")
    func golden() throws {
        let golden = try Golden()
        let values = ProxyExpression.learned.combine(
            try golden.scored(), layers: golden.standings)
        #expect(values.count == golden.heads.count && values.count > 10)
        for (value, head) in zip(values, golden.heads) {
            #expect(abs(value - head.value) < 1e-7, "\(head.genotype)")
        }
    }

    @Test("a head on a layer that says more about the labels is ranked higher")
    func layers() throws {
        let golden = try Golden()
        let head = try golden.scored(view: "a")[0]
        let other = (genotype: head.genotype.inView("b"), score: head.score)
        let number = try #require(Int(head.genotype.genes[0].settings["of"]))
        let standings = LayerStandings(
            [("a", number, 0.6), ("b", number, 0.5), ("b", number + 1, 0.7)].map {
                LayerStandings.Layer(view: $0.0, layer: $0.1, crossEntropy: $0.2)
            })
        let known = ProxyExpression.learned.combine([head, other], layers: standings)
        #expect(known[1] > known[0])
        // Where nothing was measured, layers do not tell heads apart.
        let unknown = ProxyExpression.learned.combine([head, other])
        #expect(unknown[0] == unknown[1])
    }

    @Test("it is named like a proxy, and says which ones it reads")
    func name() throws {
        #expect(try ProxyExpression("learned") == .learned)
        #expect(ProxyExpression.learned.description == "learned")
        #expect(ProxyExpression.learned.names.contains("alignment"))
        #expect(throws: ScoringError.self) { try ProxyExpression("vote(learned, mgm)") }
    }
}
