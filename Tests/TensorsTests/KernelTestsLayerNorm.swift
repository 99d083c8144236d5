import CKernels
import Foundation
import Testing

@Suite("Kernels: layer norm")
struct LayerNormKernelTests {
    static let eps = 1e-5

    static func normalized(_ x: [Double], _ gain: [Double], _ bias: [Double]) -> [Double] {
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let rstd = 1 / (variance + eps).squareRoot()
        return x.indices.map { (x[$0] - mean) * rstd * gain[$0] + bias[$0] }
    }

    struct Case {
        let rows = 3
        let width: Int
        let x, gain, bias, dy: [Float]
        var y, mean, rstd: [Float]

        init(width: Int, affine: Bool, offset: Float = 0) {
            self.width = width
            x = Kernels.values(rows * width, seed: 5).map { $0 + offset }
            gain = affine ? Kernels.values(width, seed: 6) : [Float](repeating: 1, count: width)
            bias = affine ? Kernels.values(width, seed: 7) : [Float](repeating: 0, count: width)
            dy = Kernels.values(rows * width, seed: 8)
            y = [Float](repeating: 9, count: rows * width)
            mean = [Float](repeating: 9, count: rows)
            rstd = mean
            knas_layer_norm(
                Int64(rows), Int64(width), x, affine ? gain : nil, affine ? bias : nil,
                Float(LayerNormKernelTests.eps), &y, &mean, &rstd)
        }

        func row(_ values: [Float], _ r: Int) -> [Double] {
            Kernels.doubles(Array(values[r * width..<(r + 1) * width]))
        }
    }

    @Test("rows have the formula's values with and without gain and bias, in place too")
    func forward() {
        for width in Kernels.sizes {
            for affine in [true, false] {
                let c = Case(width: width, affine: affine)
                let gain = Kernels.doubles(c.gain)
                let bias = Kernels.doubles(c.bias)
                let expected = (0..<c.rows).flatMap {
                    width == 0 ? [] : Self.normalized(c.row(c.x, $0), gain, bias)
                }
                Kernels.expectClose(c.y, expected, tolerance: 2e-6, "\(width)")
                var inPlace = c.x
                var mean = c.mean
                var rstd = c.rstd
                inPlace.withUnsafeMutableBufferPointer {
                    knas_layer_norm(
                        Int64(c.rows), Int64(width), UnsafePointer($0.baseAddress),
                        affine ? c.gain : nil, affine ? c.bias : nil, Float(Self.eps),
                        $0.baseAddress, &mean, &rstd)
                }
                #expect(inPlace == c.y)
            }
        }
    }

    @Test("a row far from zero keeps its variance")
    func farFromZero() {
        let c = Case(width: 384, affine: false, offset: 1000)
        let ones = [Double](repeating: 1, count: 384)
        let zeros = [Double](repeating: 0, count: 384)
        let expected = (0..<c.rows).flatMap { Self.normalized(c.row(c.x, $0), ones, zeros) }
        // Unoptimised code adds a row up number by number instead of in sixteen sums: the mean, here a
        // thousand times the deviation, loses more.
        #if DEBUG
            let tolerance = 2e-3
        #else
            let tolerance = 2e-4
        #endif
        Kernels.expectClose(c.y, expected, tolerance: tolerance)
    }

    @Test("the gradient with respect to x is that of central differences")
    func backward() {
        for (width, affine) in [(7, true), (16, false), (17, true), (384, true), (384, false)] {
            let c = Case(width: width, affine: affine)
            let gain = Kernels.doubles(c.gain)
            let bias = Kernels.doubles(c.bias)
            let expected = (0..<c.rows).flatMap { r in
                let dy = c.row(c.dy, r)
                return Kernels.gradient(at: c.row(c.x, r)) {
                    Kernels.dot(Self.normalized($0, gain, bias), dy)
                }
            }
            let size = (Int64(c.rows), Int64(width))
            var dx = [Float](repeating: 9, count: c.x.count)
            knas_layer_norm_backward(
                size.0, size.1, c.x, affine ? c.gain : nil, c.mean, c.rstd, c.dy, &dx, 0)
            Kernels.expectClose(dx, expected, tolerance: 5e-6, "\(width)")
            let before = Kernels.values(c.x.count, seed: 9)
            var added = before
            knas_layer_norm_backward(
                size.0, size.1, c.x, affine ? c.gain : nil, c.mean, c.rstd, c.dy, &added, 1)
            Kernels.expectClose(added, Kernels.sum(before, expected), tolerance: 5e-6)
            var inPlace = c.dy
            inPlace.withUnsafeMutableBufferPointer {
                knas_layer_norm_backward(
                    size.0, size.1, c.x, affine ? c.gain : nil, c.mean, c.rstd,
                    UnsafePointer($0.baseAddress), $0.baseAddress, 0)
            }
            #expect(inPlace == dx)
        }
    }

    @Test("the gradients with respect to gain and bias are added and those of central differences")
    func parameters() {
        for width in [1, 7, 17, 384] {
            let c = Case(width: width, affine: true)
            let before = Kernels.values(width, seed: 10)
            var dgain = before
            var dbias = before
            knas_layer_norm_parameters(
                Int64(c.rows), Int64(width), c.x, c.mean, c.rstd, c.dy, &dgain, &dbias)
            func loss(_ gain: [Double], _ bias: [Double]) -> Double {
                (0..<c.rows).reduce(0) {
                    $0 + Kernels.dot(Self.normalized(c.row(c.x, $1), gain, bias), c.row(c.dy, $1))
                }
            }
            let gain = Kernels.doubles(c.gain)
            let bias = Kernels.doubles(c.bias)
            let expectedGain = Kernels.gradient(at: gain) { loss($0, bias) }
            let expectedBias = Kernels.gradient(at: bias) { loss(gain, $0) }
            Kernels.expectClose(dgain, Kernels.sum(before, expectedGain), tolerance: 5e-6)
            Kernels.expectClose(dbias, Kernels.sum(before, expectedBias), tolerance: 5e-6)
        }
    }

    @Test("a row with NaN gives NaN and spares the others; a constant row gives zeros")
    func special() {
        var x = [Float](repeating: 3, count: 40)
        x[25] = .nan
        var mean = [Float](repeating: 0, count: 2)
        var rstd = mean
        var y = x
        knas_layer_norm(2, 20, x, nil, nil, 1e-5, &y, &mean, &rstd)
        #expect(y[..<20].allSatisfy { $0 == 0 })
        #expect(y[20...].allSatisfy { $0.isNaN })
    }
}
