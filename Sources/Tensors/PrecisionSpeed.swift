import Support

extension Precision {
    /// How often a second products in this precision are made here, to those in float32; measured on this thread in a
    /// twentieth of a second.
    ///
    /// Instructions for bfloat16 say little: where they run at half the rate of those for float32, as on Xeons of
    /// 2023 and 2024, nothing is gained.
    /// - Returns: `nil` where it is not available.
    public func speed() -> Double? {
        guard self != .float32 else { return 1 }
        // A block of rows and the largest layer of a small encoder.
        let (rows, inputs, outputs) = (256, 384, 1536)
        let (x, weights) = (
            FloatStorage(count: rows * inputs), FloatStorage(count: outputs * inputs)
        )
        let y = FloatStorage(count: rows * outputs)
        x.fill(0.5)
        weights.fill(0.25)
        guard
            let rounded = try? BFloat16Linear(
                weights.pointer, bias: nil, outputs: outputs, inputs: inputs)
        else { return nil }
        func fastest(_ body: () -> Void) -> Duration {
            let clock = ContinuousClock()
            body()
            return (0..<5).map { _ in clock.measure(body) }.min() ?? .zero
        }
        let fast = fastest { rounded.multiply(x.pointer, rows: rows, into: y.pointer) }
        let plain = fastest {
            BLAS.multiply(
                x.pointer, strideA: inputs, weights.pointer, .transposed, strideB: inputs,
                into: y.pointer, strideC: outputs, m: rows, n: outputs, k: inputs)
        }
        return plain / fast
    }
}
