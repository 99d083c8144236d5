import Features
import Graphs
import Heads
import Scoring
import Support
import TestSupport
import Testing

@Suite("Proxies order obvious cases")
struct ProxyBehaviourTests {
    private func score(
        _ text: String, _ names: [String], _ features: FeatureSet,
        _ change: (inout Scorer.Options) -> Void = { _ in }
    ) throws -> [String: Double] {
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: features.width, classes: 2, segments: features.segments))
        var options = Scorer.Options()
        change(&options)
        let scorer = try Scorer(
            spaces: SearchSpaces(space), train: [features], proxies: names, options: options,
            key: RandomKey(seed: 1))
        return try scorer.score(space.genotype(text), key: RandomKey(seed: 2))
            .values.mapValues(\.mean)
    }

    private static let names = ProxyRegistry.all.map(\.name)

    @Test("a wider head has more weights, multiply-adds and synaptic flow")
    func width() throws {
        let features = try SyntheticFeatures.make(examples: 64)
        let names = ["parameters", "flops", "synflow", "gradsign"]
        let narrow = try score("projection(width=64) > pool-mean > classifier", names, features)
        let wide = try score("projection(width=256) > pool-mean > classifier", names, features)
        for name in names { #expect(narrow[name]! < wide[name]!, "\(name)") }
    }

    @Test("magnitudes are positive, condition numbers at least one, jacobians never perfect")
    func signs() throws {
        let features = try SyntheticFeatures.make(examples: 64)
        let found = try score(
            "projection > feed-forward > pool-mean > classifier", Self.names, features)
        for name in ["snip", "synflow", "fisher", "gradsign", "flops"] {
            #expect(found[name]! > 0, "\(name)")
        }
        #expect(found["ntk-condition"]! <= -1)
        // The best is the identity: all eigenvalues one.
        #expect(found["jacobian-covariance"]! <= -64 * 0.99)
    }

    @Test("the examples of one gradient agree more about the weights than those of two")
    func agreement() throws {
        let features = try SyntheticFeatures.make(examples: 64, noise: 0.2)
        let same = features.relabelled([Int32](repeating: 0, count: 64))
        let head = "projection(width=64) > pool-mean > classifier"
        let mixed = try score(head, ["gradsign", "zico"], features)
        let pure = try score(head, ["gradsign", "zico"], same)
        for name in ["gradsign", "zico"] { #expect(pure[name]! > mixed[name]!, "\(name)") }
    }

    @Test("warm-up steps are reproducible and raise alignment on classes that can be learned")
    func warmUp() throws {
        let features = try SyntheticFeatures.make(examples: 200, noise: 0.5)
        let head = "projection(width=64) > pool-mean > classifier"
        let cold = try score(head, Self.names, features)
        let warm = try score(head, Self.names, features) { $0.warmUpSteps = 20 }
        let again = try score(head, Self.names, features) { $0.warmUpSteps = 20 }
        #expect(warm == again)
        #expect(warm["alignment"]! > cold["alignment"]!)
        #expect(warm["parameters"] == cold["parameters"])
        #expect(warm["synflow"] != cold["synflow"])
    }

    @Test("warm-up that finds no examples besides the scoring batch is refused")
    func warmUpOptions() throws {
        let features = try SyntheticFeatures.make(examples: 70)
        let head = "projection(width=64) > pool-mean > classifier"
        let changes: [(inout Scorer.Options) -> Void] = [
            { $0.warmUpSteps = 1 }, { $0.warmUpSteps = -1 },
            {
                $0.warmUpSteps = 1
                $0.warmUpBatch = 0
            },
            {
                $0.warmUpSteps = 1
                $0.warmUpBatch = 4
                $0.warmUpLearningRate = .nan
            },
        ]
        for change in changes {
            #expect(throws: BadOption.self) {
                try score(head, ["snip"], features, change)
            }
        }
        #expect(
            try score(head, ["snip"], features) {
                $0.warmUpSteps = 3
                $0.warmUpBatch = 6
            }["snip"]!.isFinite)
    }
}
