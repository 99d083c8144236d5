import Foundation
import Graphs
import Metrics
import Support
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Fine-tuning in bfloat16", .enabled(if: Precision.bfloat16.isAvailable))
struct MixedPrecisionTests {
    private func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    @Test(
        "a step's gradient is that of float32 but for the rounding of what is multiplied",
        arguments: [1, 2])
    func gradient(_ segments: Int) throws {
        let setup = try FineTuneSetup(segments: segments)
        let model = try setup.graph(dropout: 0.1)
        let parameters = try model.parameters(encoder: setup.encoder, head: setup.head())
        func gradient(_ precision: Precision, threads: Int) throws -> [Float] {
            let loss = BatchLoss(
                parameters, setup.train, classes: 2, balancesClasses: false, smoothing: 0)
            let gradients = try BatchGradients(
                model.graph, loss, FineTuneSetup.configuration, precision: precision,
                threads: threads)
            // What a first step left in its buffers must not reach the second.
            _ = try gradients.compute(Array(20..<60), of: setup.train, key: RandomKey(seed: 1))
            _ = try gradients.compute(Array(0..<32), of: setup.train, key: RandomKey(seed: 2))
            return gradients.storage.array
        }
        let exact = try gradient(.float32, threads: 1)
        let found = try gradient(.bfloat16, threads: 1)
        let difference = norm(zip(exact, found).map { $0 - $1 })
        #expect(difference > 0)
        #expect(difference < 0.02 * norm(exact))
        #expect(try gradient(.bfloat16, threads: 2) == found)
    }

    @Test("one thread and two give the same bits, and training learns")
    func learns() throws {
        let setup = try FineTuneSetup()
        let one = try setup.tune(threads: 1, precision: .bfloat16) { $0.epochs = 6 }
        let two = try setup.tune(threads: 2, precision: .bfloat16) { $0.epochs = 6 }
        #expect(one.history == two.history)
        #expect(one.parameters.storage.array == two.parameters.storage.array)
        #expect(one.history[one.bestEpoch - 1].devAccuracy > 0.8)
        #expect(try setup.tune { $0.epochs = 6 }.history != one.history)
    }

    @Test("a training resumes to the same bits, and not from a checkpoint of another precision")
    func resume() throws {
        let setup = try FineTuneSetup()
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let first = FineTuneCheckpoint(inRun: directory, name: "winner-seed0", use: .replace)
        #expect(throws: Interrupted.self) {
            try setup.tune(precision: .bfloat16, checkpoint: first, stopAt: 7)
        }
        let resuming = FineTuneCheckpoint(url: first.url, use: .resume)
        let resumed = try setup.tune(precision: .bfloat16, checkpoint: resuming)
        let whole = try setup.tune(precision: .bfloat16)
        #expect(resumed.parameters.storage.array == whole.parameters.storage.array)
        #expect(throws: Interrupted.self) { try setup.tune(checkpoint: resuming, stopAt: 1) }
    }
}

@Suite("Fine-tuning where there is no bfloat16", .disabled(if: Precision.bfloat16.isAvailable))
struct NoMixedPrecisionTests {
    @Test("what is missing is said before anything is trained")
    func refused() throws {
        #expect(throws: BadOption.self) {
            try FineTuner(FineTuneConfiguration(), precision: .bfloat16, threads: 1)
        }
    }
}
