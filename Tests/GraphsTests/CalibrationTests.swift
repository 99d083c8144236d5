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
}
