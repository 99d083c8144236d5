import Features
import Foundation
import Graphs
import Heads
import Scoring
import Support
import Tensors
import TestSupport
import Testing

@Suite("Proxies")
struct ProxyTests {
    @Test("knas-released equals the score that the released procedure gives")
    func released() throws {
        let file = try SafetensorsFile(ReferenceHead.url("knas_released"))
        let gradients = try file.floats("gradients", expecting: [50, 11, 100])
        let expected = Double(try file.floats("score")[0])
        let found = KNASReleased.score { example, tensor, entry in
            gradients[(example * 11 + tensor) * 100 + entry]
        } tensors: {
            11
        }
        #expect(abs(found - expected) < 1e-4 * abs(expected))
    }

    private static let names = ProxyRegistry.all.map(\.name)

    private func scorer(
        _ features: FeatureSet, classes: Int, names: [String] = names,
        _ change: (inout Scorer.Options) -> Void = { _ in }
    ) throws -> (Scorer, SearchSpace) {
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: features.width, classes: classes, segments: features.segments))
        var options = Scorer.Options()
        change(&options)
        return (
            try Scorer(
                spaces: SearchSpaces(space), train: [features], proxies: names, options: options,
                key: RandomKey(seed: 1)),
            space
        )
    }

    @Test("every proxy gives finite, reproducible scores", arguments: [2, 3, 12])
    func finiteAndReproducible(_ classes: Int) throws {
        let features = try SyntheticFeatures.make(
            examples: 96, segments: 2, classes: classes)
        let (scorer, space) = try scorer(features, classes: classes)
        var generator = RandomKey(seed: 2).generator()
        for _ in 0..<5 {
            let genotype = space.sample(using: &generator)
            let first = try scorer.score(genotype, key: RandomKey(seed: 3))
            #expect(first == (try scorer.score(genotype, key: RandomKey(seed: 3))))
            #expect(Set(first.values.keys) == Set(Self.names))
            #expect(first.parameters == space.graph(of: genotype).trainableCount)
        }
    }

    @Test("a score does not depend on which others are asked for", arguments: [2, 3])
    func alone(classes: Int) throws {
        let features = try SyntheticFeatures.make(examples: 24, segments: 2, classes: classes)
        let names = ["jacobian-covariance", "ntk-condition", "alignment"]
        func values(_ names: [String]) throws -> [[String: ScoreSummary]] {
            let (scorer, space) = try scorer(features, classes: classes, names: names)
            var generator = RandomKey(seed: 8).generator()
            return try (0..<6).map { _ in
                try scorer.score(space.sample(using: &generator), key: RandomKey(seed: 9)).values
            }
        }
        let together = try values(names)
        for name in names {
            #expect(try values([name]).map { $0[name] } == together.map { $0[name] }, "\(name)")
        }
    }

    @Test("snip, gradsign and zico are what all gradients written out give")
    func writtenOut() throws {
        let features = try SyntheticFeatures.make(examples: 24, segments: 2, classes: 3)
        let (scorer, space) = try scorer(
            features, classes: 3, names: ["snip", "gradsign", "zico"]
        ) {
            $0.examples = 24
            $0.initializations = 1
        }
        var generator = RandomKey(seed: 8).generator()
        for _ in 0..<6 {
            let genotype = space.sample(using: &generator)
            let found = try scorer.score(genotype, key: RandomKey(seed: 9)).values
            let graph = space.graph(of: genotype)
            let parameters = ParameterSet(graph)
            parameters.initialize(key: RandomKey(seed: 9).child(0).child("init"))
            let executor = Executor(graph)
            // The order of the examples does not matter to these sums, but for rounding.
            let batch = try features.batch(Array(0..<24))
            executor.calibrate(batch.batch, parameters: parameters)
            let logits = executor.forward(
                batch.batch, parameters: parameters, mode: .differentiation)
            let loss = CrossEntropy.evaluate(logits: logits, labels: batch.labels, classes: 3)
            let all = ExampleGradients(parameters.layout, examples: 24)
            executor.backward(loss.gradients, into: all)
            var (snip, sign, zico) = (0.0, 0.0, 0.0)
            for (_, parameter, range) in parameters.layout.trainable {
                var layer = 0.0
                // What counts as zero, for each example and row.
                let width = parameter.shape.last ?? 1
                let zeros = (0..<24).map { example in
                    stride(from: range.lowerBound, to: range.upperBound, by: width).map { start in
                        GradientStatistics.signThreshold
                            * ((start..<start + width).map { abs(all.row(example)[$0]) }.max() ?? 0)
                    }
                }
                for index in range {
                    let column = (0..<24).map { Double(all.row($0)[index]) }
                    let mean = column.reduce(0, +) / 24
                    snip += abs(mean * Double(parameters.storage.pointer[index]))
                    let row = (index - range.lowerBound) / width
                    sign += abs(
                        (0..<24).reduce(0.0) { sum, example in
                            let value = column[example]
                            let isZero = abs(value) <= Double(zeros[example][row])
                            return sum + (isZero ? 0 : value > 0 ? 1 : -1)
                        })
                    let spread = (column.reduce(0) { $0 + $1 * $1 } / 24 - mean * mean)
                    if parameter.shape.count == 2, spread > 0 {
                        layer += column.reduce(0) { $0 + abs($1) } / 24 / spread.squareRoot()
                    }
                }
                if layer > 0 { zico += log(layer) }
            }
            #expect(abs(found["snip"]!.mean - snip) < 1e-3 * snip)
            #expect(abs(found["gradsign"]!.mean - sign) < 2e-3 * sign + 4)
            #expect(abs(found["zico"]!.mean - zico) < 1e-2 * abs(zico) + 1e-2)
        }
    }

    @Test("mgm does not depend on whether the output kernel was asked for first")
    func sharedKernels() throws {
        let features = try SyntheticFeatures.make(examples: 64)
        let (alone, space) = try scorer(features, classes: 2, names: ["mgm-cosine"])
        let (both, _) = try scorer(features, classes: 2, names: ["mgm-output", "mgm-cosine"])
        var generator = RandomKey(seed: 4).generator()
        for _ in 0..<5 {
            let genotype = space.sample(using: &generator)
            let a = try alone.score(genotype, key: RandomKey(seed: 5)).values["mgm-cosine"]!.mean
            let b = try both.score(genotype, key: RandomKey(seed: 5)).values["mgm-cosine"]!.mean
            #expect(abs(a - b) < 1e-4 * max(1e-3, abs(a)))
        }
    }

    @Test("kernels that know the labels prefer true labels to shuffled ones")
    func labelsMatter() throws {
        let features = try SyntheticFeatures.make(examples: 128, noise: 0.5)
        var labels = features.labels
        var generator = RandomKey(seed: 6).generator()
        labels.shuffle(using: &generator)
        let names = ["alignment", "ntk-regression", "ntk-loo"]
        let (right, space) = try scorer(features, classes: 2, names: names)
        let (wrong, _) = try scorer(features.relabelled(labels), classes: 2, names: names)
        let genotype = try space.genotype("projection(width=64) > pool-mean > classifier")
        let a = try right.score(genotype, key: RandomKey(seed: 7))
        let b = try wrong.score(genotype, key: RandomKey(seed: 7))
        for name in names { #expect(a.values[name]!.mean > b.values[name]!.mean) }
    }

    @Test("too few examples for knas-released is an error, not a number")
    func tooFew() throws {
        let features = try SyntheticFeatures.make(examples: 64)
        let (scorer, space) = try scorer(features, classes: 2) { $0.examples = 20 }
        let genotype = try space.genotype("projection > pool-mean > classifier")
        #expect(throws: ScoringError.self) {
            try scorer.score(genotype, key: RandomKey(seed: 1))
        }
    }

    @Test("vote sums ranks, and a single proxy is its mean")
    func votes() throws {
        #expect(try ProxyExpression("vote( mgm , alignment )").names == ["mgm", "alignment"])
        #expect(try ProxyExpression("mgm").description == "mgm")
        for text in ["", "mgmm", "vote()", "vote(mgm", "vote(mgm,)", "vote(mgm, mgm)"] {
            #expect(throws: ScoringError.self) { try ProxyExpression(text) }
        }
    }
}
