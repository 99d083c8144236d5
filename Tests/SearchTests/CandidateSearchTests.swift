import Features
import Foundation
import Graphs
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
            spaces: SearchSpaces(space), train: [features], proxies: ProxyExpression.standard.names,
            options: scoring, key: RandomKey(seed: 1))
        var options = CandidateSearch.Options()
        options.candidates = candidates
        options.strategy = strategy
        options.threads = threads
        return CandidateSearch(
            spaces: SearchSpaces(space), options: options, key: RandomKey(seed: 2)
        ) {
            try scorer.score($0, key: $1)
        }
    }

    @Test(
        "the budget is kept, no head appears twice, and threads change nothing",
        arguments: StrategyRegistry.all.map(\.name).filter { $0 != "exhaustive" })
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

    @Test("candidates of an interrupted run are not scored again")
    func resume() throws {
        let search = try search(candidates: 64, strategy: "evolution", threads: 2)
        let whole = try search.run()
        #expect(try search.run(resuming: Array(whole.prefix(40))) == whole)
    }

    private static let small = [
        "layer", "projection", "pool-mean", "pool-first", "classifier",
    ]

    private func smallSearch(
        candidates: Int, limits: HeadLimits = HeadLimits()
    ) throws -> (SearchSpace, CandidateSearch) {
        let space = try SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 1), maximumBlocks: 0,
            operations: Self.small)
        var options = CandidateSearch.Options()
        options.candidates = candidates
        options.strategy = "exhaustive"
        options.limits = [limits]
        let search = CandidateSearch(
            spaces: SearchSpaces(space), options: options, key: RandomKey(seed: 2)
        ) {
            genotype, _ in
            Score(
                values: ["alignment", "ntk-regression", "mgm-cosine"].reduce(into: [:]) {
                    $0[$1] = ScoreSummary([Double(genotype.description.count)])
                }, parameters: space.graph(of: genotype).trainableCount)
        }
        return (space, search)
    }

    @Test("an exhaustive search proposes every head of a small space once, then stops")
    func exhaustive() throws {
        let (space, search) = try smallSearch(candidates: 1_000_000)
        let found = try search.run()
        #expect(Double(found.count) == space.count)
        #expect(Set(found.map(\.genotype)).count == found.count)
        let part = try smallSearch(candidates: 50).1.run()
        #expect(part == Array(found.prefix(50)))
    }

    @Test("limits leave out exactly the heads beyond them, however many come in a row")
    func limits() throws {
        let (space, all) = try smallSearch(candidates: 1_000_000)
        let heads = try all.run().map(\.genotype)
        let costs = heads.map { genotype in
            space.graph(of: genotype).multiplyAdds(Batch(lengths: [9], segments: 1))
        }
        let limit = Double(costs.sorted()[heads.count / 50])
        let limits = HeadLimits(multiplyAdds: limit, lengths: [9])
        let found = try smallSearch(candidates: 1_000_000, limits: limits).1.run()
        #expect(
            found.map(\.genotype)
                == zip(heads, costs).filter { Double($1) <= limit }.map(\.0))
    }

    @Test(
        "a search over two views proposes and scores heads of both",
        arguments: [
            "random", "evolution", "exhaustive",
        ])
    func views(_ strategy: String) throws {
        let spaces = SearchSpaces(
            try ["a", "b"].map { view in
                try SearchSpace(
                    context: HeadContext(inputWidth: 16, classes: 2, segments: 1, view: view),
                    maximumBlocks: 0, operations: Self.small)
            })
        var options = CandidateSearch.Options()
        options.candidates = 120
        options.strategy = strategy
        options.limits = [HeadLimits(), HeadLimits(parameters: 10_000)]
        let search = CandidateSearch(spaces: spaces, options: options, key: RandomKey(seed: 2)) {
            genotype, _ in
            Score(
                values: ["alignment", "ntk-regression", "mgm-cosine"].reduce(into: [:]) {
                    $0[$1] = ScoreSummary([Double(genotype.description.count)])
                }, parameters: spaces.graph(of: genotype).trainableCount)
        }
        let found = try search.run()
        let sizes = Dictionary(grouping: found) { $0.genotype.view }
            .mapValues { $0.compactMap { $0.score?.parameters } }
        #expect(sizes.count == 2 && sizes.values.allSatisfy { $0.count > 20 })
        #expect((sizes["b"]?.max() ?? 0) <= 10_000)
        // The first heads of an enumeration are small.
        if strategy != "exhaustive" { #expect((sizes["a"]?.max() ?? 0) > 10_000) }
        #expect(try search.run(resuming: Array(found.prefix(50))) == found)
    }

    @Test("a space too large to try every head of is refused")
    func tooLarge() throws {
        #expect(throws: SearchError.self) {
            try search(candidates: 4, strategy: "exhaustive", threads: 1).run()
        }
    }

    @Test("a stop is answered by Interrupted")
    func stop() throws {
        let search = try search(candidates: 64, strategy: "random", threads: 1)
        #expect(throws: Interrupted.self) { try search.run(progress: { _ in .stop }) }
    }

    @Test("a head that cannot be scored is recorded with its reason, the others continue")
    func failures() throws {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 2, segments: 1))
        var options = CandidateSearch.Options()
        options.candidates = 8
        let search = CandidateSearch(
            spaces: SearchSpaces(space), options: options, key: RandomKey(seed: 1)
        ) {
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
