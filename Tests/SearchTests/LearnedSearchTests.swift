import Heads
import Scoring
import Search
import Support
import Testing

@Suite("A search by the learned ranking")
struct LearnedSearchTests {
    /// Heads on two layers that all have the same score.
    private func ranked(_ layers: LayerStandings, strategy: String) throws -> RankedCandidates {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 1, layers: [1, 2]))
        var options = CandidateSearch.Options()
        options.candidates = 60
        options.expression = .learned
        options.layers = layers
        options.strategy = strategy
        options.threads = 2
        let score = Score(
            values: Dictionary(
                uniqueKeysWithValues: LearnedRanking.proxies.map {
                    ($0, ScoreSummary(mean: 1, spread: 0))
                }), parameters: 1)
        let search = CandidateSearch(
            spaces: SearchSpaces(space), options: options, key: RandomKey(seed: 5)
        ) { _, _ in score }
        return search.ranked(try search.run())
    }

    @Test(
        "what is known of layers decides between heads that are alike otherwise",
        arguments: ["random", "evolution"])
    func layers(_ strategy: String) throws {
        func standings(_ first: Double, _ second: Double) -> LayerStandings {
            LayerStandings([
                .init(view: nil, layer: 1, crossEntropy: first),
                .init(view: nil, layer: 2, crossEntropy: second),
            ])
        }
        func share(of layer: String, _ standings: LayerStandings) throws -> Int {
            let found = try ranked(standings, strategy: strategy)
            #expect(zip(found.scores, found.scores.dropFirst()).allSatisfy { $0 >= $1 })
            #expect(found.best.count == 60 && found.scores.count == 60)
            return found.best.prefix(20).count { $0.genotype.genes[0].settings["of"] == layer }
        }
        #expect(try share(of: "1", standings(0.3, 0.6)) > share(of: "1", standings(0.6, 0.3)))
        #expect(try share(of: "2", standings(0.3, 0.6)) < share(of: "2", standings(0.6, 0.3)))
    }
}
