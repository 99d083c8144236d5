import Graphs
import Support
import Testing

@Suite("Parameters that data decides")
struct CalibrationTests {
    private func batch(_ rows: [Float], lengths: [Int]) -> (Batch, [Float]) {
        (Batch(lengths: lengths, segments: 1), rows)
    }

    @Test("calibrated features have zero mean and unit variance, constant ones only zero mean")
    func standardized() {
        var builder = GraphBuilder(segments: 1)
        let x = builder.input(slot: 0, width: 3)
        let y = builder.standardize(builder.standardize(x, name: "a"), name: "b")
        let graph = builder.build(output: y)
        #expect(graph.needsCalibration && graph.trainableCount == 0)
        let parameters = ParameterSet(graph)
        parameters.initialize(key: RandomKey(seed: 1))
        let executor = Executor(graph)
        let rows: [Float] = [1, 5, 7, 2, 5, -7, 3, 5, 21, 6, 5, 0]
        rows.withUnsafeBufferPointer { rows in
            var batch = Batch(lengths: [3, 1], segments: 1)
            batch.inputs = [rows.baseAddress!]
            let before = executor.forward(batch, parameters: parameters)
            #expect(Array(UnsafeBufferPointer(start: before, count: 12)) == Array(rows))
            executor.calibrate(batch, parameters: parameters)
            let after = executor.forward(batch, parameters: parameters)
            for column in 0..<3 {
                let values = (0..<4).map { after[$0 * 3 + column] }
                let mean = values.reduce(0, +) / 4
                let variance = values.reduce(0) { $0 + $1 * $1 } / 4
                #expect(abs(mean) < 1e-6)
                #expect(abs(variance - (column == 1 ? 0 : 1)) < 1e-5)
            }
        }
    }

    @Test("a feature that hardly varies beside the others is scaled as they are")
    func negligible() {
        var builder = GraphBuilder(segments: 1)
        let graph = builder.build(
            output: builder.standardize(builder.input(slot: 0, width: 3), name: "a"))
        let parameters = ParameterSet(graph)
        parameters.initialize(key: RandomKey(seed: 1))
        // Of the first two, one varies by a billionth of what the other does.
        let rows: [Float] = [1, 1e-9, 5, -1, 3e-9, 5, 1, 1e-9, 5, -1, 3e-9, 5]
        rows.withUnsafeBufferPointer { rows in
            var batch = Batch(lengths: [4], segments: 1)
            batch.inputs = [rows.baseAddress!]
            Executor(graph).calibrate(batch, parameters: parameters)
        }
        // The root mean square of the deviations 1, 1e-9 and 0.
        let usual = Float(3).squareRoot()
        #expect(parameters.values("a.scale")! == [1, usual, usual])
        #expect(parameters.values("a.shift")! == [0, -2e-9 * usual, -5 * usual])
    }

    @Test("block by block, parameters become those that all examples at once give")
    func blocks() {
        var builder = GraphBuilder(segments: 1)
        let x = builder.standardize(builder.input(slot: 0, width: 3), name: "tokens")
        let hidden = builder.activation(builder.linear(x, to: 5, name: "hidden"), .gelu)
        let graph = builder.build(
            output: builder.standardize(builder.pool(hidden, .mean), name: "examples"))
        let lengths = [4, 1, 3, 2, 6, 1]
        var generator = RandomKey(seed: 2).generator()
        let rows = (0..<lengths.reduce(0, +) * 3).map { _ in
            Float.random(in: -1...3, using: &generator)
        }
        func batch(_ examples: Range<Int>, _ base: UnsafePointer<Float>) -> Batch {
            var batch = Batch(lengths: Array(lengths[examples]), segments: 1)
            batch.inputs = [base + 3 * lengths[..<examples.lowerBound].reduce(0, +)]
            return batch
        }
        let whole = ParameterSet(graph)
        whole.initialize(key: RandomKey(seed: 1))
        let parts = whole.copy()
        rows.withUnsafeBufferPointer { rows in
            let base = rows.baseAddress!
            Executor(graph).calibrate(batch(0..<6, base), parameters: whole)
            let cuts = [0..<1, 1..<4, 4..<6]
            graph.calibrate(parts, blocks: 3) { batch(cuts[$0], base) }
        }
        for (a, b) in zip(whole.storage.array, parts.storage.array) {
            #expect(abs(a - b) <= 1e-5 * max(1, abs(a)))
        }
        #expect(whole.storage.array.contains { $0 != 0 && $0 != 1 })
    }
}
