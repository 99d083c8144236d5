import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Testing

@Suite("What proxies ask of graphs")
struct GradientToolTests {
    private static let classes = 3

    /// Random heads for pairs, whose layers work on both segments, with a batch and labels.
    private func forEachHead(
        _ body: (Graph, ParameterSet, Batch, [Int32]) throws -> Void
    ) throws {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: Self.classes, segments: 2))
        let features = try SyntheticFeatures.make(
            examples: 9, segments: 2, classes: Self.classes)
        let batch = try features.batch(Array(0..<9))
        var generator = RandomKey(seed: 11).generator()
        for index in 0..<12 {
            let graph = space.graph(of: space.sample(using: &generator))
            let parameters = ParameterSet(graph)
            parameters.initialize(key: RandomKey(seed: 12).child(index))
            try body(graph, parameters, batch.batch, batch.labels)
        }
        withExtendedLifetime(batch) {}
    }

    private func outputGradients(
        _ executor: Executor, _ parameters: ParameterSet, _ batch: Batch, _ labels: [Int32]
    ) -> [Float] {
        let logits = executor.forward(batch, parameters: parameters, mode: .differentiation)
        return CrossEntropy.evaluate(
            logits: logits, labels: labels, classes: Self.classes
        ).gradients
    }

    @Test("gradient statistics are those of the gradients written out")
    func statistics() throws {
        try forEachHead { graph, parameters, batch, labels in
            let executor = Executor(graph)
            let gradients = outputGradients(executor, parameters, batch, labels)
            let sink = GradientStatistics(graph, examples: labels.count)
            executor.backward(gradients, into: sink)
            sink.finish()
            let plain = ExampleGradients(parameters.layout, examples: labels.count)
            executor.backward(gradients, into: plain)
            let n = Double(labels.count)
            for entry in parameters.layout.trainable {
                let width = entry.parameter.shape.last!
                let limits = (0..<labels.count).map { example in
                    entry.range.map { index in
                        let row = (index - entry.range.lowerBound) / width * width
                        return (0..<width).reduce(Float(0)) {
                            max($0, abs(plain.row(example)[entry.range.lowerBound + row + $1]))
                        } * GradientStatistics.signThreshold
                    }
                }
                var ratio = 0.0
                var agreement = 0.0
                for (place, index) in entry.range.enumerated() {
                    let values = (0..<labels.count).map { Double(plain.row($0)[index]) }
                    let mean = values.reduce(0, +) / n
                    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
                    let square = values.reduce(0) { $0 + $1 * $1 } / n
                    if variance > 1e-12 * square {
                        ratio += values.reduce(0) { $0 + abs($1) } / n / variance.squareRoot()
                    }
                    var signs = 0
                    for (example, value) in values.enumerated()
                    where abs(value) > Double(limits[example][place]) {
                        signs += value > 0 ? 1 : -1
                    }
                    agreement += Double(abs(signs))
                }
                let found = try #require(sink.entries[entry.id])
                // What vanishes but for rounding may fall on either side of the thresholds.
                let name = entry.parameter.name
                #expect(abs(found.signAgreement - agreement) <= 0.01 * agreement + 4, "\(name)")
                #expect(abs(found.meanToSpread - ratio) <= 0.01 * ratio + 1e-6, "\(name)")
            }
        }
    }

    @Test("frozen kinks change neither logits nor gradients where they were frozen")
    func kinks() throws {
        try forEachHead { graph, parameters, batch, labels in
            let executor = Executor(graph)
            let gradients = outputGradients(executor, parameters, batch, labels)
            let expected = BatchGradient(parameters.layout)
            executor.backward(gradients, into: expected)
            let frozen = executor.freezeKinks()
            let other = Executor(frozen.graph)
            let otherGradients = outputGradients(other, parameters, frozen.batch, labels)
            #expect(
                relativeError(otherGradients.map(Double.init), gradients.map(Double.init)) < 1e-5)
            let found = BatchGradient(parameters.layout)
            other.backward(otherGradients, into: found)
            #expect(
                relativeError(
                    found.storage.array.map(Double.init), expected.storage.array.map(Double.init))
                    < 1e-4)
            withExtendedLifetime(frozen) {}
        }
    }

    @Test("multiply-adds of a linear head are counted by hand")
    func multiplyAdds() {
        var builder = GraphBuilder(segments: 1)
        let x = builder.linear(builder.input(slot: 0, width: 5), to: 7, name: "projection")
        let logits = builder.linear(builder.pool(x, .mean), to: 2, name: "classifier")
        let examples = builder.segment(logits, 0)
        let graph = builder.build(output: examples)
        let batch = Batch(lengths: [3, 1, 2], segments: 1)
        #expect(graph.multiplyAdds(batch) == 6 * 5 * 7 + 3 * 7 * 2)
    }
}
