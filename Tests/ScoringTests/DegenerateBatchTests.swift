import Features
import Foundation
import Heads
import Scoring
import Support
import TestSupport
import Testing

@Suite("Batches that teach nothing")
struct DegenerateBatchTests {
    private static let heads = [
        "projection > pool-mean > classifier", "projection(width=64) > pool-mean > classifier",
        "projection > pool-max > classifier",
    ]

    /// Every proxy either gives a finite number or says what is wrong; returns the numbers.
    private func check(_ features: FeatureSet, classes: Int) throws -> [String: Double] {
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: features.width, classes: classes, segments: features.segments))
        var options = Scorer.Options()
        options.examples = features.count
        options.initializations = 1
        var found: [String: Double] = [:]
        var genotypes = try Self.heads.map(space.genotype)
        var generator = RandomKey(seed: 9).generator()
        for _ in 0..<3 { genotypes.append(space.sample(using: &generator)) }
        for proxy in ProxyRegistry.all {
            let scorer = try Scorer(
                spaces: SearchSpaces(space), train: [features], proxies: [proxy.name],
                options: options,
                key: RandomKey(seed: 1))
            for genotype in genotypes {
                do {
                    let value = try scorer.score(genotype, key: RandomKey(seed: 2))
                        .values[proxy.name]!.mean
                    #expect(value.isFinite, "\(proxy.name)")
                    found[proxy.name] = value
                } catch ScoringError.tooFewExamples {
                    #expect(proxy.name == "knas-released")
                }
            }
        }
        return found
    }

    /// - Parameter row: the value of a feature of a token.
    private func features(
        lengths: [Int], labels: [Int32], row: (_ example: Int, _ token: Int, _ column: Int) -> Float
    ) throws -> FeatureSet {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-degenerate-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        var rows: [Float] = []
        for (example, length) in lengths.enumerated() {
            for token in 0..<length {
                for column in 0..<16 { rows.append(row(example, token, column)) }
            }
        }
        return try FeatureSet(
            storing: rows, lengths: lengths, width: 16, segments: 1, labels: labels, at: url)
    }

    @Test("one class only gives finite scores")
    func oneClass() throws {
        let features = try SyntheticFeatures.make(examples: 16)
        let found = try check(
            features.relabelled([Int32](repeating: 0, count: 16)), classes: 2)
        #expect(found["alignment"] == 0)
        #expect(abs(found["ntk-regression"]!) < 1e-9)
    }

    @Test("identical examples give finite scores")
    func identical() throws {
        let found = try check(
            try features(
                lengths: [Int](repeating: 3, count: 12), labels: (0..<12).map { $0 % 2 }
            ) { _, token, column in Float((token * 5 + column * 3) % 7) / 4 - 0.7 }, classes: 2)
        #expect(found["ntk-condition"] == -1e7)
        // Nothing is better than the mean of both classes.
        #expect(found["ntk-regression"]! <= -0.5 + 1e-6)
    }

    @Test("features of zeros give finite scores")
    func zeros() throws {
        _ = try check(
            try features(
                lengths: [Int](repeating: 2, count: 12), labels: (0..<12).map { $0 % 3 }
            ) { _, _, _ in 0 }, classes: 3)
    }

    @Test("the largest features that float16 can hold give finite scores or an error")
    func large() throws {
        let space = SearchSpace(context: HeadContext(inputWidth: 16, classes: 2, segments: 1))
        let features = try features(
            lengths: [Int](repeating: 2, count: 12), labels: (0..<12).map { $0 % 2 }
        ) { example, token, column in (example + token + column) % 2 == 0 ? 65504 : -65504 }
        let genotype = try space.genotype("projection(width=64) > pool-mean > classifier")
        for proxy in ProxyRegistry.all {
            let scorer = try Scorer(
                spaces: SearchSpaces(space), train: [features], proxies: [proxy.name],
                options: .init(),
                key: RandomKey(seed: 1))
            do {
                let score = try scorer.score(genotype, key: RandomKey(seed: 1))
                #expect(score.values[proxy.name]!.mean.isFinite)
            } catch is ScoringError {}
        }
    }

    @Test("single tokens and as few examples as a batch may have give finite scores")
    func small() throws {
        for count in [4, 5] {
            _ = try check(
                try features(
                    lengths: [Int](repeating: 1, count: count),
                    labels: (0..<Int32(count)).map { $0 % 2 }
                ) { example, _, column in Float((example * 31 + column * 17) % 13) / 6 - 1 },
                classes: 2)
        }
    }
}
