import CKernels
import Foundation
import Testing

@Suite("Kernels: activations")
struct ActivationKernelTests {
    struct Activation: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: Int32
        let value: @Sendable (Double) -> Double
        /// Where the derivative is not continuous.
        var kink: Double?
        var testDescription: String { name }
    }

    static let activations = [
        Activation(name: "relu", kind: Int32(KNAS_RELU), value: { max($0, 0) }, kink: 0),
        Activation(
            name: "gelu", kind: Int32(KNAS_GELU), value: { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }
        ),
        Activation(
            name: "gelu tanh", kind: Int32(KNAS_GELU_TANH),
            value: {
                0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
            }),
        Activation(name: "silu", kind: Int32(KNAS_SILU), value: { $0 / (1 + exp(-$0)) }),
        Activation(name: "tanh", kind: Int32(KNAS_TANH), value: { tanh($0) }),
        Activation(name: "sigmoid", kind: Int32(KNAS_SIGMOID), value: { 1 / (1 + exp(-$0)) }),
    ]

    /// A fine grid over -30 ... 30, small and large values.
    static let grid: [Float] =
        stride(from: Float(-30), through: 30, by: 0.003).map { $0 }
        + [0, -0.0, 1e-30, -1e-30, 1e-6, -1e-6, 100, -100, 1e10, -1e10, 3e38, -3e38]

    func forward(_ kind: Int32, _ x: [Float]) -> [Float] {
        var y = [Float](repeating: 9, count: x.count)
        knas_activation(kind, Int64(x.count), x, &y)
        return y
    }

    @Test("a value is within 1e-6 of the formula", arguments: activations)
    func value(activation: Activation) {
        let expected = Self.grid.map { activation.value(Double($0)) }
        Kernels.expectClose(forward(activation.kind, Self.grid), expected, tolerance: 1e-6)
    }

    @Test("the result does not depend on the count or on being in place", arguments: activations)
    func blocks(activation: Activation) {
        let whole = forward(activation.kind, Self.grid)
        for size in Kernels.sizes {
            let part = Array(Self.grid[5..<5 + size])
            #expect(forward(activation.kind, part) == Array(whole[5..<5 + size]))
            var inPlace = part
            inPlace.withUnsafeMutableBufferPointer {
                knas_activation(
                    activation.kind, Int64(size), UnsafePointer($0.baseAddress), $0.baseAddress)
            }
            #expect(inPlace == Array(whole[5..<5 + size]))
        }
    }

    @Test("a derivative is within 1e-6 of central differences", arguments: activations)
    func derivative(activation: Activation) {
        let x = Self.grid.filter { x in
            abs(x) <= 30 && activation.kink.map { abs(Double(x) - $0) > 1e-3 } ?? true
        }
        let dy = Kernels.values(x.count, seed: 3, scale: 1)
        let expected = zip(x, dy).map { x, dy in
            let step = 1e-5
            let slope =
                (activation.value(Double(x) + step) - activation.value(Double(x) - step))
                / (2 * step)
            return Double(dy) * slope
        }
        var dx = [Float](repeating: 7, count: x.count)
        knas_activation_backward(activation.kind, Int64(x.count), x, dy, &dx, 0)
        Kernels.expectClose(dx, expected, tolerance: 1e-6)

        let before = Kernels.values(x.count, seed: 4)
        var accumulated = before
        knas_activation_backward(activation.kind, Int64(x.count), x, dy, &accumulated, 1)
        Kernels.expectClose(accumulated, Kernels.sum(before, expected), tolerance: 1e-6)

        var inPlace = dy
        inPlace.withUnsafeMutableBufferPointer {
            knas_activation_backward(
                activation.kind, Int64(x.count), x, UnsafePointer($0.baseAddress), $0.baseAddress, 0
            )
        }
        let same = inPlace.elementsEqual(dx)
        #expect(same)
    }

    @Test("infinities have their limits and NaN stays NaN", arguments: activations)
    func special(activation: Activation) {
        let x: [Float] = [.infinity, -.infinity, .nan] + [Float](repeating: .nan, count: 30)
        let y = forward(activation.kind, x)
        let high: Float =
            activation.kind == KNAS_TANH || activation.kind == KNAS_SIGMOID ? 1 : .infinity
        #expect(y[0] == high)
        #expect(abs(y[1] - (activation.kind == KNAS_TANH ? -1 : 0)) < 1e-6)
        #expect(y[2...].allSatisfy { $0.isNaN })
        var dx = [Float](repeating: 0, count: x.count)
        let dy = [Float](repeating: 1, count: x.count)
        knas_activation_backward(activation.kind, Int64(x.count), x, dy, &dx, 0)
        #expect(abs(dx[0] - (high == 1 ? 0 : 1)) < 1e-6)
        #expect(abs(dx[1]) < 1e-6)
        #expect(dx[2...].allSatisfy { $0.isNaN })
    }

    @Test("small values keep their relative precision")
    func smallValues() {
        let x: [Float] = [1e-20, -1e-7, 1e-4, 3e-3, -0.02, 0.1]
        for (y, x) in zip(forward(Int32(KNAS_TANH), x), x) {
            #expect(Kernels.ulps(y, tanh(Double(x))) <= 4)
        }
        let tail: [Float] = [-2, -4, -6, -8]
        for (y, x) in zip(forward(Int32(KNAS_GELU), tail), tail) {
            let exact = 0.5 * Double(x) * erfc(-Double(x) / 2.0.squareRoot())
            #expect(abs(Double(y) / exact - 1) < 2e-5)
        }
    }

    @Test("an unknown kind gives NaN and not stale memory")
    func unknown() {
        #expect(forward(99, [1, 2]).allSatisfy { $0.isNaN })
    }
}
