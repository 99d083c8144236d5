import Features
import Foundation
import Heads
import Scoring
import Search
import Support
import TestSupport
import Testing

@Suite("The coarse step")
struct CandidateSearchTests {
    private func search(
        candidates: Int, strategy: String, threads: Int, blocks: Int = 3
    ) throws -> CandidateSearch {
        let features = try SyntheticFeatures.make(examples: 64)
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 1), maximumBlocks: blocks)
        var scoring = Scorer.Options()
        scoring.examples = 16
        scoring.initializations = 1
        let scorer = try Scorer(
            space: space, train: features, proxies: ProxyExpression.standard.names,
            options: scoring, key: RandomKey(seed: 1))
        var options = CandidateSearch.Options()
        options.candidates = candidates
        options.strategy = strategy
        options.threads = threads
        return CandidateSearch(space: space, options: options, key: RandomKey(seed: 2)) {
            try scorer.score($0, key: $1)
        }
    }

    @Test(
        "the budget is kept, no head comes twice, and threads change nothing",
        arguments: StrategyRegistry.all.map(\.name))
    func budget(_ strategy: String) throws {
        let one = try search(candidates: 150, strategy: strategy, threads: 1)
        let two = try search(candidates: 150, strategy: strategy, threads: 2)
        let first = try one.run()
        #expect(first == (try two.run()))
        #expect(first.count == 150)
        #expect(Set(first.map(\.genotype)).count == 150)
        #expect(first.map(\.id) == Array(1...150))
        #expect(one.ranking(first).count == first.filter { $0.score != nil }.count)
    }

    @Test("candidates of an interrupted run are taken as they are")
    func resume() throws {
        let search = try search(candidates: 64, strategy: "evolution", threads: 2)
        let whole = try search.run()
        #expect(try search.run(resuming: Array(whole.prefix(40))) == whole)
    }

    @Test("a stop is answered by Interrupted")
    func stop() throws {
        let search = try search(candidates: 64, strategy: "random", threads: 1)
        #expect(throws: Interrupted.self) { try search.run(progress: { _ in .stop }) }
    }

    @Test("a head that cannot be scored is recorded with its reason, the others go on")
    func failures() throws {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 1))
        var options = CandidateSearch.Options()
        options.candidates = 8
        let search = CandidateSearch(space: space, options: options, key: RandomKey(seed: 1)) {
            _, _ in throw ScoringError.nonFinite(proxy: "mgm")
        }
        #expect(throws: SearchError.self) { try search.run() }
    }

    @Test("unknown strategies are named with a suggestion")
    func unknown() {
        let error = #expect(throws: SearchError.self) { try StrategyRegistry.find("evolutoin") }
        #expect(error?.description.contains("did you mean 'evolution'") == true)
    }
}
