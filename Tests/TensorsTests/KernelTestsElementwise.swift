import CKernels
import Foundation
import Testing

@Suite("Kernels: elementwise, sums and dropout")
struct ElementwiseKernelTests {
    @Test("elementwise kernels follow their formulas", arguments: Kernels.sizes)
    func elementwise(size: Int) {
        let n = Int64(size)
        let a = Kernels.values(size, seed: 1)
        let b = Kernels.values(size, seed: 2)
        let c = Kernels.values(size, seed: 3)
        var y = c
        knas_add(n, a, b, &y)
        #expect(y == zip(a, b).map { $0 + $1 })
        knas_subtract(n, a, b, &y)
        #expect(y == zip(a, b).map { $0 - $1 })
        knas_absolute_difference(n, a, b, &y)
        #expect(y == zip(a, b).map { abs($0 - $1) })
        knas_multiply(n, a, b, &y, 0)
        #expect(y == zip(a, b).map { $0 * $1 })
        y = c
        knas_multiply(n, a, b, &y, 1)
        let products = zip(a, b).map { Double($0) * Double($1) }
        Kernels.expectClose(y, Kernels.sum(c, products), tolerance: 3e-7)
        y = c
        knas_axpy(n, 0.3, a, &y)
        let scaled = a.map { Double(Float(0.3)) * Double($0) }
        Kernels.expectClose(y, Kernels.sum(c, scaled), tolerance: 3e-7)
        knas_scale(n, 0.3, a, &y)
        #expect(y == a.map { 0.3 * $0 })
        y = a
        y.withUnsafeMutableBufferPointer {
            knas_add(
                n, UnsafePointer($0.baseAddress), UnsafePointer($0.baseAddress), $0.baseAddress)
        }
        #expect(y == a.map { 2 * $0 })
    }

    @Test("the gradient of |a - b| is the sign of a - b, and 0 where they are equal")
    func absoluteDifferenceBackward() {
        let size = 391
        let a = Kernels.values(size, seed: 1)
        var b = Kernels.values(size, seed: 2)
        for i in stride(from: 0, to: size, by: 5) { b[i] = a[i] }
        let dy = Kernels.values(size, seed: 3)
        let before = Kernels.values(size, seed: 4)
        var da = before
        var db = before
        knas_absolute_difference_backward(Int64(size), a, b, dy, &da, nil)
        knas_absolute_difference_backward(Int64(size), a, b, dy, nil, &db)
        let sign = zip(a, b).map { ($0 > $1 ? 1 : 0) - ($0 < $1 ? 1 : 0) as Float }
        #expect(da == (0..<size).map { before[$0] + dy[$0] * sign[$0] })
        #expect(db == (0..<size).map { before[$0] - dy[$0] * sign[$0] })
        var na: [Float] = [0]
        knas_absolute_difference_backward(1, [.nan], [1], [1], &na, nil)
        #expect(na[0].isNaN)
    }

    @Test("row kernels follow their formulas", arguments: Kernels.sizes)
    func rows(width: Int) {
        let rows = 3
        let x = Kernels.values(rows * width, seed: 1)
        let scale = Kernels.values(width, seed: 2)
        let shift = Kernels.values(width, seed: 3)
        let before = Kernels.values(rows * width, seed: 4)
        for accumulate in [false, true] {
            for shifted in [false, true] {
                var y = before
                knas_affine_rows(
                    Int64(rows), Int64(width), x, scale, shifted ? shift : nil, &y,
                    accumulate ? 1 : 0)
                let expected = (0..<rows * width).map { i in
                    (accumulate ? Double(before[i]) : 0) + Double(x[i]) * Double(scale[i % width])
                        + (shifted ? Double(shift[i % width]) : 0)
                }
                Kernels.expectClose(y, expected, tolerance: 5e-7)
            }
            var sums = shift
            knas_column_sums(Int64(rows), Int64(width), x, &sums, accumulate ? 1 : 0)
            let expected = (0..<width).map { w in
                (accumulate ? Double(shift[w]) : 0)
                    + (0..<rows).reduce(0) { $0 + Double(x[$1 * width + w]) }
            }
            Kernels.expectClose(sums, expected, tolerance: 5e-7)
        }
        var means = [Double](repeating: 0, count: width)
        knas_double_column_sums(Int64(rows), Int64(width), x, &means)
        means = means.map { $0 / Double(max(1, rows)) }
        var squares = [Double](repeating: 1, count: width)
        knas_column_square_deviations(Int64(rows), Int64(width), x, means, &squares)
        for w in 0..<width {
            let column = (0..<rows).map { Double(x[$0 * width + w]) }
            let mean = column.reduce(0, +) / Double(max(1, rows))
            let expected = column.reduce(1) { $0 + ($1 - mean) * ($1 - mean) }
            #expect(abs(means[w] - mean) < 1e-12 && abs(squares[w] - expected) < 1e-9 * expected)
        }
        var filled = before
        knas_fill_rows(Int64(rows), Int64(width), shift, &filled)
        #expect(filled == (0..<rows).flatMap { _ in shift })
    }

    @Test("columns are copied and added between odd strides, and nothing else is touched")
    func copyColumns() {
        let rows = 4
        for width in [0, 1, 7, 17, 64] {
            let (from, to) = (width + 3, width + 6)
            let x = Kernels.values(rows * from, seed: 1)
            let before = Kernels.values(rows * to, seed: 2)
            for accumulate in [false, true] {
                var y = before
                knas_copy_columns(
                    Int64(rows), Int64(width), x, Int64(from), &y, Int64(to), accumulate ? 1 : 0)
                var expected = before
                for r in 0..<rows {
                    for w in 0..<width {
                        expected[r * to + w] =
                            (accumulate ? before[r * to + w] : 0) + x[r * from + w]
                    }
                }
                #expect(y == expected)
            }
        }
    }

    @Test("dot and sum agree with double precision over many blocks")
    func sums() {
        for size in Kernels.sizes + [4095, 4096, 4097, 100_003] {
            let a = Kernels.values(size, seed: 1)
            let b = Kernels.values(size, seed: 2)
            let exact = Kernels.dot(Kernels.doubles(a), Kernels.doubles(b))
            let magnitude = zip(a, b).reduce(1) { $0 + abs(Double($1.0) * Double($1.1)) }
            #expect(abs(knas_dot(Int64(size), a, b) - exact) <= 1e-6 * magnitude)
            let sum = Kernels.doubles(a).reduce(0, +)
            #expect(abs(knas_sum(Int64(size), a) - sum) <= 1e-6 * Double(size + 1))
        }
        let ones = [Float](repeating: 1, count: 40_000_000 / 8)
        #expect(knas_sum(Int64(ones.count), ones) == Double(ones.count))
    }

    @Test("reductions do not depend on where the data lie in memory")
    func alignment() {
        let x = Kernels.values(1003, seed: 1)
        var results: Set<[Double]> = []
        for shift in 0..<32 {
            let moved = [Float](repeating: 0, count: shift) + x
            moved.withUnsafeBufferPointer {
                let row = $0.baseAddress! + shift
                var y = [Float](repeating: 0, count: 1003)
                var (mean, rstd, normalizer) = (Float(0), Float(0), Float(0))
                knas_layer_norm(1, 1003, row, nil, nil, 1e-5, &y, &mean, &rstd)
                knas_log_sum_exp_rows(1, 1003, row, &normalizer)
                results.insert([
                    knas_dot(1003, row, row), knas_sum(1003, row), Double(mean), Double(rstd),
                    Double(normalizer),
                ])
            }
        }
        #expect(results.count == 1)
    }

    @Test("one NaN or infinity anywhere is found")
    func allFinite() {
        for size in Kernels.sizes + [5000] {
            var x = Kernels.values(size, seed: 1, scale: 3e38)
            #expect(knas_all_finite(Int64(size), x) == 1)
            for i in Set([0, size / 2, size - 1]) where size > 0 {
                for bad in [Float.nan, .infinity, -.infinity] {
                    let good = x[i]
                    x[i] = bad
                    #expect(knas_all_finite(Int64(size), x) == 0)
                    x[i] = good
                }
            }
        }
    }

    @Test("block products are the sums over the rows of each pair of examples")
    func blockProducts() {
        let offsets = Kernels.offsets([3, 0, 1, 20, 7])
        let (examples, total) = (5, 31)
        let a = Kernels.values(total * total, seed: 1)
        let b = Kernels.values(total * total, seed: 2)
        var gram = [Double](repeating: 0.5, count: examples * examples)
        // In two parts, the second with rows of its own and the columns of all.
        let start = Int(offsets[3]) * total
        knas_block_products(Int64(examples), 0, 3, offsets, Int64(total), a, b, &gram)
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                knas_block_products(
                    Int64(examples), 3, 5, offsets, Int64(total), a.baseAddress! + start,
                    b.baseAddress! + start, &gram)
            }
        }
        for i in 0..<examples {
            for j in 0...i {
                var sum = 0.5
                for t in offsets[i]..<offsets[i + 1] {
                    for s in offsets[j]..<offsets[j + 1] {
                        let place = Int(t) * total + Int(s)
                        sum += Double(a[place]) * Double(b[place])
                    }
                }
                #expect(abs(gram[i * examples + j] - sum) < 1e-12)
                if j < i { #expect(gram[j * examples + i] == 0.5) }
            }
        }
    }
}
