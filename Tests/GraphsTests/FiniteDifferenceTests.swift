import Graphs
import Support
import Tensors
import TestSupport
import Testing

/// Small graphs that between them use every primitive.
private enum Case: String, CaseIterable {
    case linear, layerNorm, affine, mix, dropout, embedding
    case relu, gelu, geluTanh, silu, tanh, sigmoid
    case attention, crossAttention, depthwise, unfold
    case distanceBias, distanceKeys, distanceQueries, disentangled, sharedDistances
    case poolFirst, poolMean, poolMax, attentionPool
    case add, subtract, multiply, difference, concatenate, shared

    var segments: Int {
        switch self {
        case .crossAttention, .add, .subtract, .multiply, .difference, .concatenate: 2
        default: 1
        }
    }

    func build() -> Graph {
        var g = GraphBuilder(segments: segments)
        let input = g.input(slot: 0, width: 6)
        var x = g.linear(input, to: 8, name: "in")
        switch self {
        case .linear, .poolMean: break
        case .layerNorm: x = g.layerNorm(x, name: "norm")
        case .affine:
            let scale = g.parameter("scale", [8], .uniform(bound: 1))
            let shift = g.parameter("shift", [8], .uniform(bound: 1))
            x = g.affine(x, scale: scale, shift: shift)
        case .mix: x = g.mix([x, g.linear(input, to: 8, name: "b"), x], name: "mix")
        case .dropout: x = g.dropout(x, rate: 0.4)
        case .embedding:
            let table = g.parameter("table", [5, 8], .uniform(bound: 1))
            x = g.binary(.add, x, g.embedding(table: table, by: .id))
        case .relu: x = g.activation(x, .relu)
        case .gelu: x = g.activation(x, .gelu)
        case .geluTanh: x = g.activation(x, .geluTanh)
        case .silu: x = g.activation(x, .silu)
        case .tanh: x = g.activation(x, .tanh)
        case .sigmoid: x = g.activation(x, .sigmoid)
        case .attention:
            x = g.attention(g.linear(x, to: 24, name: "qkv"), heads: 2)
        case .crossAttention:
            x = g.attention(g.linear(x, to: 24, name: "qkv"), heads: 2, source: .partner)
        case .distanceBias:
            let table = g.parameter("distances", [6, 2], .uniform(bound: 1))
            let bias = g.embedding(
                table: table, by: .distance(.halves(buckets: 6, farthest: 4)))
            x = g.relativeAttention(g.linear(x, to: 24, name: "qkv"), heads: 2, bias: bias)
        case .distanceKeys, .distanceQueries, .disentangled:
            let table = g.parameter("distances", [6, 5], .uniform(bound: 1))
            let rows = g.embedding(table: table, by: .distance(.clipped(span: 3)))
            let keys = self == .distanceQueries ? nil : g.linear(rows, to: 8, name: "keys")
            let queries = self == .distanceKeys ? nil : g.linear(rows, to: 8, name: "queries")
            x = g.relativeAttention(
                g.linear(x, to: 24, name: "qkv"), heads: 2, keys: keys, queries: queries)
        case .sharedDistances:
            // One value as keys and queries, all terms, and weights that tokens use too.
            let table = g.parameter("distances", [8, 8], .uniform(bound: 1))
            let rows = g.layerNorm(
                g.embedding(
                    table: table, by: .distance(.logarithmic(buckets: 4, farthest: 5))),
                name: "norm")
            let weight = g.parameter("w", [8, 8], .uniform(bound: 0.5))
            let packed = g.concatenate([
                g.linear(x, weight: weight, bias: nil), x, g.linear(x, to: 8, name: "v"),
            ])
            let positions = g.linear(rows, weight: weight, bias: nil)
            let numbers = g.parameter("numbers", [8, 4], .uniform(bound: 1))
            let bias = g.embedding(
                table: numbers, by: .distance(.logarithmic(buckets: 4, farthest: 5)))
            x = g.relativeAttention(
                packed, heads: 4, keys: positions, queries: positions, bias: bias)
        case .depthwise: x = g.depthwiseConvolution(x, kernel: 3, name: "conv")
        case .unfold: x = g.linear(g.unfold(x, kernel: 3), to: 8, name: "conv")
        case .shared:
            let weight = g.parameter("w", [8, 8], .uniform(bound: 0.5))
            x = g.linear(
                g.activation(g.linear(x, weight: weight, bias: nil), .tanh), weight: weight,
                bias: nil)
        case .poolFirst, .poolMax, .attentionPool, .add, .subtract, .multiply, .difference,
            .concatenate:
            break
        }
        var row: Value
        switch self {
        case .poolFirst: row = g.pool(x, .first)
        case .poolMax: row = g.pool(x, .max)
        case .attentionPool:
            row = g.attentionPool(scores: g.linear(x, to: 1, name: "score", bias: false), x)
        default: row = g.pool(x, .mean)
        }
        if segments == 1 {
            row = g.segment(row, 0)
        } else {
            let u = g.segment(row, 0)
            let v = g.segment(row, 1)
            switch self {
            case .add: row = g.binary(.add, u, v)
            case .subtract: row = g.binary(.subtract, u, v)
            case .multiply: row = g.binary(.multiply, u, v)
            case .difference: row = g.binary(.absoluteDifference, u, v)
            default: row = g.concatenate([u, v, g.binary(.multiply, u, u)])
            }
        }
        let logits = g.linear(row, to: 3, name: "out")
        return g.build(output: logits)
    }
}

@Suite("Gradients are right")
struct FiniteDifferenceTests {
    private struct Setup {
        let graph: Graph
        let parameters: ParameterSet
        let batch: Batch
        let storage: FloatStorage
        let labels: [Int32]

        init(_ test: Case) {
            graph = test.build()
            parameters = ParameterSet(graph)
            let key = RandomKey(seed: 7).child(test.rawValue)
            parameters.initialize(key: key.child("start"))
            var generator = key.child("data").generator()
            let examples = 4
            let lengths = (0..<examples * test.segments).map { _ in 1 + generator.index(below: 5) }
            var batch = Batch(lengths: lengths, segments: test.segments)
            storage = FloatStorage(count: batch.tokenCount * 6)
            for index in 0..<storage.count { storage.pointer[index] = generator.uniform(bound: 2) }
            batch.inputs = [UnsafePointer(storage.pointer)]
            batch.ids = (0..<batch.tokenCount).map { _ in Int32(generator.index(below: 5)) }
            self.batch = batch
            labels = (0..<examples).map { _ in Int32(generator.index(below: 3)) }
        }

        func loss(_ executor: Executor, _ mode: Executor.Mode) -> (Double, [Float]) {
            let logits = executor.forward(batch, parameters: parameters, mode: mode)
            let result = CrossEntropy.evaluate(logits: logits, labels: labels, classes: 3)
            return (result.losses.reduce(0) { $0 + Double($1) }, result.gradients)
        }
    }

    @Test("every primitive's backward pass equals finite differences", arguments: Case.allCases)
    private func finiteDifferences(_ test: Case) {
        let setup = Setup(test)
        let executor = Executor(setup.graph)
        let mode = Executor.Mode.training(key: 99)
        let (_, gradients) = setup.loss(executor, mode)
        let sink = BatchGradient(setup.parameters.layout)
        let inputGradient = FloatStorage(count: setup.storage.count)
        executor.backward(gradients, into: sink, inputGradients: [inputGradient.pointer])

        func check(
            _ target: UnsafeMutablePointer<Float>, _ count: Int, _ found: FloatStorage,
            _ what: String
        ) {
            let step: Float = 2e-3
            for index in 0..<count {
                let value = target[index]
                target[index] = value + step
                let (above, _) = setup.loss(executor, mode)
                target[index] = value - step
                let (below, _) = setup.loss(executor, mode)
                target[index] = value
                let (here, _) = setup.loss(executor, mode)
                // At a kink (|x|, max, ReLU) the two one-sided slopes differ: between them is right.
                let slopes = [(above - here) / Double(step), (here - below) / Double(step)]
                let tolerance = 2e-3 + 1e-2 * abs(slopes[0] + slopes[1]) / 2
                let gradient = Double(found.pointer[index])
                #expect(
                    gradient > slopes.min()! - tolerance && gradient < slopes.max()! + tolerance,
                    "\(what) \(index)")
            }
        }
        check(
            setup.parameters.storage.pointer, setup.parameters.layout.trainableCount, sink.storage,
            "parameter")
        check(setup.storage.pointer, setup.storage.count, inputGradient, "input")
    }

    @Test("per-example gradients sum to the batch gradient", arguments: Case.allCases)
    private func examplesSumToBatch(_ test: Case) {
        let setup = Setup(test)
        let executor = Executor(setup.graph)
        let (_, gradients) = setup.loss(executor, .differentiation)
        let batch = BatchGradient(setup.parameters.layout)
        executor.backward(gradients, into: batch)
        let single = ExampleGradients(setup.parameters.layout, examples: 4)
        executor.backward(gradients, into: single)
        let count = setup.parameters.layout.trainableCount
        let sums = (0..<count).map { place in
            (0..<4).reduce(0.0) { $0 + Double(single.row($1)[place]) }
        }
        #expect(relativeError(sums, batch.storage.array.map(Double.init)) < 1e-5)
    }

    @Test(
        "every form of the Gram matrix equals the products of written-out gradients",
        arguments: Case.allCases,
        [GramAccumulator.Method.cheaper, .gradients, .rowPairs])
    private func gramEqualsExplicit(_ test: Case, _ method: GramAccumulator.Method) {
        let setup = Setup(test)
        let executor = Executor(setup.graph)
        let (_, gradients) = setup.loss(executor, .differentiation)
        let single = ExampleGradients(setup.parameters.layout, examples: 4)
        executor.backward(gradients, into: single)
        let grams = [true, false].map { own in
            let gram = GramAccumulator(
                setup.graph, examples: 4, method: method, usesOwnProducts: own)
            executor.backward(gradients, into: gram)
            gram.finish()
            return gram.total
        }
        let count = setup.parameters.layout.trainableCount
        var expected: [Double] = []
        for i in 0..<4 {
            for j in 0..<4 {
                expected.append(
                    (0..<count).reduce(0.0) {
                        $0 + Double(single.row(i)[$1]) * Double(single.row(j)[$1])
                    })
            }
        }
        for gram in grams { #expect(relativeError(gram, expected) < 1e-5) }
    }

    @Test("inference gives the logits of the differentiation mode", arguments: Case.allCases)
    private func inferenceAgrees(_ test: Case) {
        let setup = Setup(test)
        let executor = Executor(setup.graph)
        let kept = Array(
            UnsafeBufferPointer(
                start: executor.forward(
                    setup.batch, parameters: setup.parameters, mode: .differentiation),
                count: 12))
        let free = Array(
            UnsafeBufferPointer(
                start: executor.forward(setup.batch, parameters: setup.parameters), count: 12))
        #expect(kept == free)
    }
}
