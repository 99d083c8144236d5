import Graphs
import Support
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Gradients computed in lanes")
struct GradientLanesTests {
    static let precisions: [Precision] =
        Precision.bfloat16.isAvailable ? [.float32, .bfloat16] : [.float32]

    @Test("a step's gradient has nothing of the step before", arguments: precisions)
    func startsOver(_ precision: Precision) throws {
        let setup = try FineTuneSetup()
        let model = try setup.graph(dropout: 0.1)
        let parameters = try model.parameters(encoder: setup.encoder, head: setup.head())
        func gradient(after batches: [[Int]]) throws -> [Float] {
            let loss = BatchLoss(
                parameters, setup.train, classes: 2, balancesClasses: false, smoothing: 0)
            let gradients = try BatchGradients(
                model.graph, loss, FineTuneSetup.configuration, precision: precision, threads: 2)
            // Two examples are fewer than there are lanes.
            for batch in batches + [[3, 5]] {
                _ = try gradients.compute(batch, of: setup.train, key: RandomKey(seed: 2))
            }
            return gradients.storage.array
        }
        #expect(try gradient(after: [Array(20..<60)]) == gradient(after: []))
    }

    @Test("parameters that no gradient came for have zeros")
    func nothingCame() throws {
        let setup = try FineTuneSetup()
        let model = try setup.graph(dropout: 0)
        let parameters = try model.parameters(encoder: setup.encoder, head: setup.head())
        let lanes = try GradientLanes(
            model.graph, parameters, clipNorm: 1, precision: .float32, threads: 1)
        let batch = try setup.train.batch(Array(0..<6))
        func compute(_ isWanted: Bool) throws -> [Float] {
            nonisolated(unsafe) let batch = batch
            _ = try lanes.compute { lane, executor, gradient in
                guard isWanted, lane == 1 else { return }
                _ = executor.forward(
                    batch.batch, parameters: parameters, mode: .training(key: 1))
                executor.backward([Float](repeating: 1, count: 12), into: gradient)
            }
            return lanes.storage.array
        }
        let found = try compute(true)
        let expected = BatchGradient(parameters.layout)
        let executor = Executor(model.graph)
        _ = executor.forward(batch.batch, parameters: parameters, mode: .training(key: 1))
        executor.backward([Float](repeating: 1, count: 12), into: expected)
        let norm = expected.storage.array.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        let factor = Float(min(1, 1 / norm))
        for (one, other) in zip(found, expected.storage.array) {
            #expect(abs(one - other * factor) < 1e-6)
        }
        #expect(try compute(false).allSatisfy { $0 == 0 })
    }
}
