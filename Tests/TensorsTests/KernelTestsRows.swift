import CKernels
import Foundation
import Testing

@Suite("Kernels: softmax and layer norm")
struct RowKernelTests {
    static func softmax(_ x: [Double], scale: Double = 1) -> [Double] {
        let maximum = x.map { $0 * scale }.max() ?? 0
        let e = x.map { exp($0 * scale - maximum) }
        let sum = e.reduce(0, +)
        return e.map { $0 / sum }
    }

    @Test("softmax of strided rows follows the formula and leaves the gaps alone")
    func softmaxRows() {
        for width in Kernels.sizes {
            for (gap, scale) in [(0, Float(1)), (3, 0.125), (13, -2)] {
                let rows = 3
                let stride = width + gap
                let before = Kernels.values(rows * stride + 1, seed: 1, scale: 6)
                var x = before
                knas_softmax_rows(Int64(rows), Int64(width), Int64(stride), scale, &x)
                var expected = Kernels.doubles(before)
                for r in 0..<rows {
                    let row = r * stride..<r * stride + width
                    let values = Kernels.doubles(Array(before[row]))
                    expected.replaceSubrange(
                        row, with: Self.softmax(values, scale: Double(scale)))
                }
                Kernels.expectClose(x, expected, tolerance: 5e-7, "\(width) + \(gap)")
            }
        }
    }

    @Test("softmax has the gradient that central differences give")
    func softmaxBackward() {
        for width in [1, 7, 16, 17, 64, 384] {
            let rows = 2
            let stride = width + 5
            let scale: Float = 0.7
            let x = Kernels.values(rows * stride, seed: 2)
            let dy = Kernels.values(rows * stride, seed: 3)
            var p = x
            knas_softmax_rows(Int64(rows), Int64(width), Int64(stride), scale, &p)
            var dx = dy
            knas_softmax_rows_backward(Int64(rows), Int64(width), Int64(stride), scale, p, &dx)
            var expected = Kernels.doubles(dy)
            for r in 0..<rows {
                let row = r * stride..<r * stride + width
                let weights = Kernels.doubles(Array(dy[row]))
                let gradient = Kernels.gradient(at: Kernels.doubles(Array(x[row]))) {
                    Kernels.dot(Self.softmax($0, scale: Double(scale)), weights)
                }
                expected.replaceSubrange(row, with: gradient)
            }
            Kernels.expectClose(dx, expected, tolerance: 2e-6, "\(width)")
        }
    }

    @Test("softmax keeps the relative precision of its smallest entries")
    func exponential() {
        // exp(x) / (1 + exp(x)): an exp within 2 units in the last place and three roundings.
        var worst = 0.0
        for x in stride(from: Float(-80), through: 0, by: 0.0037) {
            var row: [Float] = [0, x]
            knas_softmax_rows(1, 2, 2, 1, &row)
            let exact = exp(Double(x)) / (1 + exp(Double(x)))
            worst = max(worst, Kernels.ulps(row[1], exact))
        }
        #expect(worst <= 3.5)
    }

    @Test("softmax of huge values does not overflow and a masked entry gets exactly nothing")
    func hugeSoftmax() {
        var x: [Float] = [3e38, -3e38, 3e38, -.infinity] + [Float](repeating: 1e30, count: 20)
        knas_softmax_rows(1, Int64(x.count), Int64(x.count), 1, &x)
        #expect(x == [0.5, 0, 0.5, 0] + [Float](repeating: 0, count: 20))
        var negative: [Float] = [3e38, -3e38, 1]
        knas_softmax_rows(1, 3, 3, -3, &negative)
        #expect(negative == [0, 1, 0])
    }

    @Test("softmax of a row with NaN is NaN, and of no other row")
    func softmaxNaN() {
        for place in [0, 5, 16, 18] {
            var x = [Float](repeating: 1, count: 38)
            x[place] = .nan
            knas_softmax_rows(2, 19, 19, 1, &x)
            #expect(x[..<19].allSatisfy { $0.isNaN })
            #expect(x[19...].allSatisfy { abs($0 - 1 / 19) < 1e-7 })
        }
    }

    @Test("log-sum-exp follows the formula, for huge and infinite rows as well")
    func logSumExp() {
        for width in Kernels.sizes where width > 0 {
            let x = Kernels.values(3 * width, seed: 4, scale: 40)
            var out = [Float](repeating: 0, count: 3)
            knas_log_sum_exp_rows(3, Int64(width), x, &out)
            let expected = (0..<3).map { r in
                let row = Kernels.doubles(Array(x[r * width..<(r + 1) * width]))
                let maximum = row.max()!
                return maximum + log(row.reduce(0) { $0 + exp($1 - maximum) })
            }
            Kernels.expectClose(out, expected, tolerance: 5e-7, "\(width)")
        }
        let rows: [Float] = [
            3e38, -3e38, .infinity, 1, -.infinity, -.infinity, .nan, 1, -200, -200,
        ]
        var out = [Float](repeating: 0, count: 5)
        knas_log_sum_exp_rows(5, 2, rows, &out)
        #expect(out[0] == 3e38 && out[1] == .infinity && out[2] == -.infinity && out[3].isNaN)
        #expect(abs(out[4] - (-200 + log(Float(2)))) < 2e-5)
        var empty: [Float] = [0]
        knas_log_sum_exp_rows(1, 0, [], &empty)
        #expect(empty == [-.infinity])
    }
}
