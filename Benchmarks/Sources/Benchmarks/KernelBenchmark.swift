import ArgumentParser
import CKernels
import Tensors

/// Nanoseconds per element of the elementwise kernels, on one thread, and the matrix-product limit.
struct KernelBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kernels")

    @OptionGroup var measure: MeasureOptions

    func run() throws {
        let limit = measure.limit()
        try Measurement(
            "matrix products 1024 x 1536 x 384 (\(BLAS.kernelName))", threads: measure.threads,
            seconds: 1, work: limit, unit: "GFLOP", multiplyAdds: limit * 5e8, limit: limit
        ).print()
        let (rows, width) = (1024, 384)
        let count = rows * width
        let x = FloatStorage(count: count)
        let y = FloatStorage(count: count)
        let mean = FloatStorage(count: rows)
        let spread = FloatStorage(count: rows)
        for index in 0..<count { x.pointer[index] = Float(index % 1999) / 500 - 2 }
        func time(_ name: String, _ body: () -> Void) throws {
            let rounds = 20
            let seconds = median(measure.repeats) { for _ in 0..<rounds { body() } }
            try Measurement(
                name, threads: 1, seconds: seconds, work: Double(count * rounds), unit: "elements"
            ).print()
        }
        for (kind, name) in [
            (KNAS_GELU, "gelu (erf)"), (KNAS_GELU_TANH, "gelu (tanh)"), (KNAS_TANH, "tanh"),
        ] {
            try time(name) {
                knas_activation(Int32(kind), Int64(count), x.pointer, y.pointer)
            }
        }
        try time("softmax of 64") { knas_softmax_rows(Int64(count / 64), 64, 64, 1, y.pointer) }
        try time("layer norm of 384") {
            knas_layer_norm(
                Int64(rows), Int64(width), x.pointer, nil, nil, 1e-5, y.pointer, mean.pointer,
                spread.pointer)
        }
    }
}
