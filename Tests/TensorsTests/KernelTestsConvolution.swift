import CKernels
import Testing

@Suite("Kernels: convolution and unfolding")
struct ConvolutionKernelTests {
    static let lengths = [1, 4, 2, 9]
    static let offsets = Kernels.offsets(lengths)
    static let rows = lengths.reduce(0, +)
    static let sequences = Int64(lengths.count)
    static let cases = [(1, 1), (7, 3), (17, 5), (16, 7), (33, 1)]

    /// The windows: y[t, k, w] = x[t + k - kernel / 2, w], zero outside the sequence.
    static func unfold(_ x: [Double], width: Int, kernel: Int) -> [Double] {
        var y = [Double](repeating: 0, count: rows * kernel * width)
        for s in lengths.indices {
            for t in Int(offsets[s])..<Int(offsets[s + 1]) {
                for k in 0..<kernel {
                    let source = t + k - kernel / 2
                    guard source >= offsets[s], source < offsets[s + 1] else { continue }
                    for w in 0..<width {
                        y[(t * kernel + k) * width + w] = x[source * width + w]
                    }
                }
            }
        }
        return y
    }

    static func convolve(
        _ x: [Double], _ weight: [Double], _ bias: [Double], kernel: Int
    ) -> [Double] {
        let width = bias.count
        let windows = unfold(x, width: width, kernel: kernel)
        return (0..<rows * width).map { i in
            let (t, w) = i.quotientAndRemainder(dividingBy: width)
            return (0..<kernel).reduce(bias[w]) {
                $0 + windows[(t * kernel + $1) * width + w] * weight[$1 * width + w]
            }
        }
    }

    @Test("windows stop at the ends of a sequence", arguments: cases)
    func unfolding(width: Int, kernel: Int) {
        let x = Kernels.values(Self.rows * width, seed: 1)
        var y = [Float](repeating: 9, count: x.count * kernel)
        knas_unfold(Self.sequences, Self.offsets, Int64(width), Int64(kernel), x, &y)
        let expected = Self.unfold(Kernels.doubles(x), width: width, kernel: kernel)
        #expect(Kernels.doubles(y) == expected)

        // The gradient of a copy: <unfold(x), dy> = <x, backward(dy)> for each x, so for each unit.
        let dy = Kernels.values(y.count, seed: 2)
        let d = Kernels.doubles(dy)
        let gradient = Kernels.gradient(at: Kernels.doubles(x)) {
            Kernels.dot(Self.unfold($0, width: width, kernel: kernel), d)
        }
        for accumulate: Int32 in [0, 1] {
            let before = Kernels.values(x.count, seed: 3)
            var dx = before
            knas_unfold_backward(
                Self.sequences, Self.offsets, Int64(width), Int64(kernel), dy, &dx, accumulate)
            let sums = Kernels.sum(before, gradient)
            Kernels.expectClose(dx, accumulate == 1 ? sums : gradient, tolerance: 1e-6)
        }
    }

    @Test("a depthwise convolution and its three gradients follow the formula", arguments: cases)
    func convolution(width: Int, kernel: Int) {
        let size = (Self.sequences, Self.offsets, Int64(width), Int64(kernel))
        let x = Kernels.values(Self.rows * width, seed: 1)
        let weight = Kernels.values(kernel * width, seed: 2)
        let bias = Kernels.values(width, seed: 3)
        var y = [Float](repeating: 9, count: x.count)
        knas_depthwise_convolution(size.0, size.1, size.2, size.3, x, weight, bias, &y)
        let (a, b, c) = (Kernels.doubles(x), Kernels.doubles(weight), Kernels.doubles(bias))
        Kernels.expectClose(y, Self.convolve(a, b, c, kernel: kernel), tolerance: 1e-6)

        let dy = Kernels.values(y.count, seed: 4)
        let d = Kernels.doubles(dy)
        let gradient = Kernels.gradient(at: a) {
            Kernels.dot(Self.convolve($0, b, c, kernel: kernel), d)
        }
        let before = Kernels.values(x.count, seed: 5)
        for accumulate: Int32 in [0, 1] {
            var dx = before
            knas_depthwise_convolution_backward(
                size.0, size.1, size.2, size.3, weight, dy, &dx, accumulate)
            let sums = Kernels.sum(before, gradient)
            Kernels.expectClose(dx, accumulate == 1 ? sums : gradient, tolerance: 1e-6)
        }

        let beforeWeight = Kernels.values(weight.count, seed: 6)
        let beforeBias = Kernels.values(width, seed: 7)
        var dweight = beforeWeight
        var dbias = beforeBias
        knas_depthwise_convolution_parameters(
            size.0, size.1, size.2, size.3, x, dy, &dweight, &dbias)
        let gradientWeight = Kernels.gradient(at: b) {
            Kernels.dot(Self.convolve(a, $0, c, kernel: kernel), d)
        }
        let gradientBias = Kernels.gradient(at: c) {
            Kernels.dot(Self.convolve(a, b, $0, kernel: kernel), d)
        }
        Kernels.expectClose(dweight, Kernels.sum(beforeWeight, gradientWeight), tolerance: 2e-6)
        Kernels.expectClose(dbias, Kernels.sum(beforeBias, gradientBias), tolerance: 2e-6)
    }

    @Test("no sequences, no rows: nothing is written")
    func empty() {
        var y: [Float] = [5]
        knas_depthwise_convolution(0, [0], 1, 3, [], [1, 1, 1], [1], &y)
        knas_unfold(0, [0], 1, 3, [], &y)
        #expect(y == [5])
    }
}
