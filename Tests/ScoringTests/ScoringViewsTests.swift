import Features
import Heads
import Scoring
import Support
import TestSupport
import Testing

@Suite("Scoring in several views")
struct ScoringViewsTests {
    private func scorer(
        _ train: [FeatureSet], views: [String?], warmUpSteps: Int = 0
    ) throws -> (Scorer, SearchSpaces) {
        let spaces = SearchSpaces(
            zip(train, views).map { features, view in
                SearchSpace(
                    context: HeadContext(
                        inputWidth: features.width, classes: 2, segments: features.segments,
                        view: view))
            })
        var options = Scorer.Options()
        options.examples = 12
        options.initializations = 1
        options.warmUpSteps = warmUpSteps
        let scorer = try Scorer(
            spaces: spaces, train: train, proxies: ["alignment", "mgm", "grad-norm"],
            options: options, key: RandomKey(seed: 1))
        return (scorer, spaces)
    }

    private let head = "projection(width=64) > pool-mean > classifier"

    @Test("heads of all views are scored on the same examples", arguments: [0, 2])
    func sameExamples(_ warmUpSteps: Int) throws {
        let features = try SyntheticFeatures.make(examples: 60)
        let (one, single) = try scorer([features], views: [nil], warmUpSteps: warmUpSteps)
        let expected = try one.score(try single.genotype(head), key: RandomKey(seed: 2))
        // Where two views have the same features, the same head has the same score in both.
        let (two, spaces) = try scorer(
            [features, features], views: ["a", "b"], warmUpSteps: warmUpSteps)
        for view in spaces.names {
            let genotype = try spaces.genotype("\(view): \(head)")
            #expect(try two.score(genotype, key: RandomKey(seed: 2)) == expected)
        }
    }

    @Test("each head reads its own view's features, whatever their width and segments")
    func ownFeatures() throws {
        let narrow = try SyntheticFeatures.make(examples: 60, seed: 1)
        let wide = try SyntheticFeatures.make(examples: 60, width: 24, segments: 2, seed: 2)
        let (two, spaces) = try scorer([narrow, wide], views: ["a", "b"])
        let pair = "projection(width=64) > pool-mean > pair > classifier"
        for (features, view, text) in [(narrow, "a", head), (wide, "b", pair)] {
            let (one, single) = try scorer([features], views: [nil])
            let alone = try one.score(try single.genotype(text), key: RandomKey(seed: 3))
            let together = try two.score(
                try spaces.genotype("\(view): \(text)"), key: RandomKey(seed: 3))
            #expect(together == alone)
        }
    }
}
