import CKernels
import Foundation
import Testing

@Suite("Kernels: pooling")
struct PoolingKernelTests {
    static let lengths = [1, 5, 2, 33]
    static let offsets = Kernels.offsets(lengths)
    static let rows = lengths.reduce(0, +)
    static let sequences = Int64(lengths.count)
    static let widths = [1, 7, 16, 17, 384]

    /// Calls `body` with the rows of each sequence.
    func perSequence(_ body: (Int, Range<Int>) -> Void) {
        for s in Self.lengths.indices {
            body(s, Int(Self.offsets[s])..<Int(Self.offsets[s + 1]))
        }
    }

    @Test("mean pooling averages each sequence; its gradient is spread evenly", arguments: widths)
    func mean(width: Int) {
        let x = Kernels.values(Self.rows * width, seed: 1)
        var y = [Float](repeating: 9, count: Self.lengths.count * width)
        knas_mean_pool(Self.sequences, Self.offsets, Int64(width), x, &y)
        let dy = Kernels.values(y.count, seed: 2)
        var expected = [Double](repeating: 0, count: y.count)
        var gradient = [Double](repeating: 0, count: x.count)
        perSequence { s, rows in
            for t in rows {
                for w in 0..<width {
                    expected[s * width + w] += Double(x[t * width + w]) / Double(rows.count)
                    gradient[t * width + w] = Double(dy[s * width + w]) / Double(rows.count)
                }
            }
        }
        Kernels.expectClose(y, expected, tolerance: 1e-6)
        var dx = Kernels.values(x.count, seed: 3)
        let before = dx
        knas_mean_pool_backward(Self.sequences, Self.offsets, Int64(width), dy, &dx, 1)
        Kernels.expectClose(dx, Kernels.sum(before, gradient), tolerance: 3e-7)
        knas_mean_pool_backward(Self.sequences, Self.offsets, Int64(width), dy, &dx, 0)
        Kernels.expectClose(dx, gradient, tolerance: 1e-7)
    }

    @Test(
        "max pooling finds the first maximum, which alone receives the gradient", arguments: widths)
    func max(width: Int) {
        // Rounded to halves, so that maxima occur more than once.
        let x = Kernels.values(Self.rows * width, seed: 1).map { ($0 * 2).rounded() / 2 }
        var y = [Float](repeating: 9, count: Self.lengths.count * width)
        var argmax = [Int32](repeating: 9, count: y.count)
        knas_max_pool(Self.sequences, Self.offsets, Int64(width), x, &y, &argmax)
        let dy = Kernels.values(y.count, seed: 2)
        let before = Kernels.values(x.count, seed: 3)
        var dx = before
        knas_max_pool_backward(Self.sequences, Int64(width), argmax, dy, &dx)
        var expected = before
        perSequence { s, rows in
            for w in 0..<width {
                var best = rows.lowerBound
                for t in rows where x[t * width + w] > x[best * width + w] { best = t }
                #expect(argmax[s * width + w] == best)
                #expect(y[s * width + w] == x[best * width + w])
                expected[best * width + w] += dy[s * width + w]
            }
        }
        #expect(dx == expected)
    }

    @Test("a NaN in a sequence is its maximum; infinities are ordered")
    func maxNaN() {
        for place in 0..<4 {
            let width = 19
            var x = Kernels.values(4 * width, seed: 1)
            for w in 0..<width { x[place * width + w] = .nan }
            x[0] = .nan
            var y = [Float](repeating: 0, count: width)
            var argmax = [Int32](repeating: 9, count: width)
            knas_max_pool(1, [0, 4], Int64(width), x, &y, &argmax)
            #expect(y.allSatisfy { $0.isNaN })
            #expect(argmax[0] == 0 && argmax[1...].allSatisfy { $0 == place })
        }
        var y: [Float] = [0]
        var argmax: [Int32] = [9]
        knas_max_pool(1, [0, 2], 1, [-.infinity, -.infinity], &y, &argmax)
        #expect(y == [-.infinity] && argmax == [0])
    }

    static func attention(_ scores: [Double], _ x: [Double], width: Int) -> [Double] {
        let p = RowKernelTests.softmax(scores)
        return (0..<width).map { w in p.indices.reduce(0) { $0 + p[$1] * x[$1 * width + w] } }
    }

    @Test("attention pooling weighs rows by softmax and has the gradients of central differences")
    func attention() {
        for width in [1, 7, 17] {
            let n = Int64(width)
            let x = Kernels.values(Self.rows * width, seed: 1)
            let scores = Kernels.values(Self.rows, seed: 2)
            var p = [Float](repeating: 9, count: Self.rows)
            var y = [Float](repeating: 9, count: Self.lengths.count * width)
            knas_attention_pool(Self.sequences, Self.offsets, n, scores, x, &p, &y)
            let dy = Kernels.values(y.count, seed: 3)
            var expected: [Double] = []
            var expectedScores: [Double] = []
            var expectedX: [Double] = []
            perSequence { s, rows in
                let e = Kernels.doubles(Array(scores[rows]))
                let v = Kernels.doubles(
                    Array(x[rows.lowerBound * width..<rows.upperBound * width]))
                let d = Kernels.doubles(Array(dy[s * width..<(s + 1) * width]))
                expected += Self.attention(e, v, width: width)
                expectedScores += Kernels.gradient(at: e) {
                    Kernels.dot(Self.attention($0, v, width: width), d)
                }
                expectedX += Kernels.gradient(at: v) {
                    Kernels.dot(Self.attention(e, $0, width: width), d)
                }
            }
            Kernels.expectClose(y, expected, tolerance: 1e-6)
            let before = (
                scores: Kernels.values(Self.rows, seed: 4), x: Kernels.values(x.count, seed: 5)
            )
            for added: Int32 in [0, 1] {
                var (dscores, dx) = before
                knas_attention_pool_backward(
                    Self.sequences, Self.offsets, n, p, x, dy, &dscores, &dx, added, 1 - added)
                let sums = Kernels.sum(before.scores, expectedScores)
                Kernels.expectClose(dscores, added == 1 ? sums : expectedScores, tolerance: 3e-6)
                let sumsX = Kernels.sum(before.x, expectedX)
                Kernels.expectClose(dx, added == 1 ? expectedX : sumsX, tolerance: 1e-6)
                var alone = before.scores
                knas_attention_pool_backward(
                    Self.sequences, Self.offsets, n, p, x, dy, &alone, nil, added, 0)
                #expect(alone == dscores)
            }
        }
    }

    @Test("NaN in a score or a row reaches the pooled vector of its sequence only")
    func attentionNaN() {
        var p = [Float](repeating: 0, count: 4)
        var y = [Float](repeating: 0, count: 2)
        knas_attention_pool(2, [0, 2, 4], 1, [0, .nan, 0, 0], [1, 2, 3, 4], &p, &y)
        #expect(y[0].isNaN && y[1] == 3.5)
        knas_attention_pool(2, [0, 2, 4], 1, [0, 0, 0, 0], [1, 2, .nan, 4], &p, &y)
        #expect(y[0] == 1.5 && y[1].isNaN)
    }
}
