import Support
import Testing

@testable import Tensors

@Suite("Products of matrices in bfloat16", .enabled(if: Precision.bfloat16.isAvailable))
struct BFloat16ProductsTests {
    private func random(_ count: Int, _ label: String) -> [Float] {
        var generator = RandomKey(seed: 8).child(label).generator()
        return (0..<count).map { _ in generator.uniform() - 0.5 }
    }

    /// Rows of `width` numbers in bfloat16, with their padding.
    private func rounded(_ x: [Float], width: Int) -> [UInt16] {
        let rows = x.count / width
        var y = [UInt16](
            repeating: 0xffff, count: BFloat16Products.paddedRows(rows) * width)
        BFloat16Products.round(x, rows: rows, width: width, into: &y)
        return y
    }

    private func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    @Test("numbers are rounded to the nearest, ties to even, and what is not finite stays so")
    func rounding() {
        let cases: [(Float, Float)] = [
            (1, 1), (-0.0, -0.0), (1 + 0x1p-8, 1), (1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7),
            (1 + 0x1.8p-7, 1 + 0x1p-6), (-1 - 0x1.8p-8, -1 - 0x1p-7), (.infinity, .infinity),
            (-.infinity, -.infinity), (.greatestFiniteMagnitude, .infinity),
        ]
        for count in [1, 7, 16, 31, 32, 45] {
            let x = (0..<count).map { cases[$0 % cases.count].0 }
            let y = rounded(x, width: count)
            #expect(y.prefix(count).map(float) == (0..<count).map { cases[$0 % cases.count].1 })
            #expect(y.dropFirst(count).allSatisfy { $0 == 0 })
            #expect(y.count == 16 * count)
        }
        for value in [Float.nan, .signalingNaN, Float(bitPattern: 0x7fff_ffff)] {
            #expect(float(rounded([value], width: 1)[0]).isNaN)
        }
    }

    @Test(
        "each product of a linear layer and its gradients is that of the rounded factors",
        arguments: [(1, 5, 3), (17, 33, 7), (130, 64, 48), (40, 96, 384)])
    func products(_ rows: Int, _ inputs: Int, _ outputs: Int) {
        let (x, w) = (random(rows * inputs, "x"), random(outputs * inputs, "w"))
        let (dy, bias) = (random(rows * outputs, "dy"), random(outputs, "bias"))
        let (roundX, roundDY) = (rounded(x, width: inputs), rounded(dy, width: outputs))
        var roundW = [UInt16](repeating: 0, count: w.count)
        BFloat16Products.round(w, count: w.count, into: &roundW)
        let padded = BFloat16Products.paddedRows(rows)
        func expect(_ found: [Float], _ rows: Int, _ columns: Int, _ sum: (Int, Int) -> Double) {
            for row in 0..<rows {
                for column in 0..<columns {
                    #expect(abs(Double(found[row * columns + column]) - sum(row, column)) < 1e-4)
                }
            }
        }
        func product(_ a: UInt16, _ b: UInt16) -> Double { Double(float(a)) * Double(float(b)) }

        var y = [Float](repeating: .nan, count: padded * outputs)
        BFloat16Products.multiply(
            roundX, .plain, roundW, .transposed, bias: bias, into: &y, m: padded, n: outputs,
            k: inputs)
        expect(y, rows, outputs) { row, column in
            (0..<inputs).reduce(Double(bias[column])) {
                $0 + product(roundX[row * inputs + $1], roundW[column * inputs + $1])
            }
        }
        for accumulates in [false, true] {
            let start: Float = accumulates ? 0.25 : 0
            var dx = [Float](repeating: accumulates ? start : .nan, count: padded * inputs)
            BFloat16Products.multiply(
                roundDY, .plain, roundW, .plain, into: &dx, m: padded, n: inputs, k: outputs,
                accumulates: accumulates)
            expect(dx, rows, inputs) { row, column in
                (0..<outputs).reduce(Double(start)) {
                    $0 + product(roundDY[row * outputs + $1], roundW[$1 * inputs + column])
                }
            }
            var dw = [Float](repeating: accumulates ? start : .nan, count: outputs * inputs)
            BFloat16Products.multiply(
                roundDY, .transposed, roundX, .plain, into: &dw, m: outputs, n: inputs, k: padded,
                accumulates: accumulates)
            expect(dw, outputs, inputs) { row, column in
                (0..<rows).reduce(Double(start)) {
                    $0 + product(roundDY[$1 * outputs + row], roundX[$1 * inputs + column])
                }
            }
        }
    }

    @Test("many sizes, in any order and on any thread, give the same bits")
    func sizes() {
        // Sizes that meet in one place of the thread's table replace one another.
        let sizes = (0..<100).map { (16 * (1 + $0 % 10), 1 + $0 / 10, 1 + $0 % 7) }
        let x = rounded(random(400 * 400, "x"), width: 400)
        @Sendable func product(_ index: Int) -> [Float] {
            let (m, n, k) = sizes[index]
            var c = [Float](repeating: 0, count: m * n)
            for flags in [0, 1, 2, 3] {
                BFloat16Products.multiply(
                    x, flags & 1 == 0 ? .plain : .transposed, x,
                    flags & 2 == 0 ? .plain : .transposed, into: &c, m: m, n: n, k: k,
                    accumulates: flags > 0)
            }
            return c
        }
        let expected = sizes.indices.map(product)
        let found = Parallel.map(count: sizes.count, threads: 3) { index, _ in
            product(sizes.count - 1 - index)
        }
        #expect(found.reversed() == expected)
    }
}
