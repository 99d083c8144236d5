import CKernels
import Testing

@Suite("Kernels: embedding rows and 16-bit floats")
struct EmbeddingKernelTests {
    /// The value of a binary16 pattern by its definition (IEEE 754-2019, 3.4); nil for NaN.
    static func value(half: UInt16) -> Double? {
        let sign = half & 0x8000 == 0 ? 1.0 : -1.0
        let exponent = Int(half >> 10 & 0x1f)
        let fraction = Double(half & 0x3ff) / 1024
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : nil
        default:
            return sign * (1 + fraction)
                * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }

    static let patterns = (0...UInt16.max).map { $0 }

    func halves(_ x: [Float]) -> [UInt16] {
        var y = [UInt16](repeating: 9, count: x.count)
        knas_f32_to_f16(Int64(x.count), x, &y)
        return y
    }

    @Test("each of the 65,536 halves becomes its value and comes back")
    func everyHalf() {
        var y = [Float](repeating: 9, count: 65_536)
        knas_f16_to_f32(65_536, Self.patterns, &y)
        let back = halves(y)
        for pattern in Self.patterns {
            let i = Int(pattern)
            if let value = Self.value(half: pattern) {
                #expect(Double(y[i]) == value && (y[i].sign == .minus) == (pattern >= 0x8000))
                #expect(back[i] == pattern)
            } else {
                #expect(y[i].isNaN && (y[i].sign == .minus) == (pattern >= 0x8000))
                #expect(back[i] & 0x7c00 == 0x7c00 && back[i] & 0x3ff != 0)
                #expect(back[i] & 0x8000 == pattern & 0x8000)
            }
        }
    }

    @Test("ties go to the even half and the neighbours of a tie to the nearer one")
    func ties() {
        var x: [Float] = []
        var expected: [UInt16] = []
        for pattern in UInt16(0)..<0x7c00 {
            // Above the largest half lies what would be the next one, 65536.
            let low = Self.value(half: pattern)!
            let high = pattern == 0x7bff ? 65_536 : Self.value(half: pattern + 1)!
            let tie = Float((low + high) / 2)
            let even = pattern & 1 == 0 ? pattern : pattern + 1
            x += [tie, tie.nextUp, tie.nextDown, -tie]
            expected += [even, pattern + 1, pattern, even | 0x8000]
        }
        let wrong = zip(halves(x), expected).filter { $0 != $1 }.count
        #expect(wrong == 0)
    }

    @Test("what is too large becomes infinity, what is too small a signed zero, NaN stays NaN")
    func extremes() {
        let x: [Float] = [
            65_519.996, 65_520, 1e38, .infinity, -65_520, -.infinity, 0, -0.0, 0x1p-133, -0x1p-133,
            .leastNonzeroMagnitude, 0x1p-25, Float(0x1p-25).nextUp,
        ]
        let expected: [UInt16] = [
            0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0xfc00, 0, 0x8000, 0, 0x8000, 0, 0, 1,
        ]
        #expect(halves(x) == expected)
        let odd = [0x7f80_0001, 0xff80_0001, 0x7fc0_0000, 0x7fff_ffff] as [UInt32]
        let nan = halves(odd.map { Float(bitPattern: $0) })
        #expect(nan.allSatisfy { $0 & 0x7c00 == 0x7c00 && $0 & 0x3ff != 0 })
    }

    @Test("a brain float is the top half of a float")
    func brainFloats() {
        var y = [Float](repeating: 9, count: 65_536)
        knas_bf16_to_f32(65_536, Self.patterns, &y)
        #expect(zip(y, Self.patterns).allSatisfy { $0.bitPattern == UInt32($1) << 16 })
    }

    @Test("conversions do not depend on the count", arguments: Kernels.sizes)
    func counts(size: Int) {
        let x = Kernels.values(size + 1, seed: 1, scale: 1000)
        let whole = halves(x)
        #expect(halves(Array(x[1...])) == Array(whole[1...]))
        var y = [Float](repeating: 9, count: size)
        knas_f16_to_f32(Int64(size), whole, &y)
        #expect(zip(y, whole).allSatisfy { Double($0) == Self.value(half: $1) })
    }

    @Test("rows are gathered from tables of three widths of number")
    func gather() {
        let ids: [Int32] = [4, 0, 4, 2, 1]
        for width in [0, 1, 7, 17, 384] {
            let n = (Int64(ids.count), Int64(width))
            let table = Kernels.values(5 * width, seed: 1)
            let half = halves(table)
            let brain = table.map { UInt16($0.bitPattern >> 16) }
            let before = Kernels.values(ids.count * width, seed: 2)
            for accumulate: Int32 in [0, 1] {
                func expected(_ value: (Int) -> Float) -> [Float] {
                    before.indices.map { i in
                        (accumulate == 1 ? before[i] : 0)
                            + value(Int(ids[i / width]) * width + i % width)
                    }
                }
                var y = before
                knas_gather_rows(n.0, n.1, ids, table, &y, accumulate)
                #expect(y == expected { table[$0] })
                y = before
                knas_gather_rows_f16(n.0, n.1, ids, half, &y, accumulate)
                #expect(y == expected { Float(Self.value(half: half[$0])!) })
                y = before
                knas_gather_rows_bf16(n.0, n.1, ids, brain, &y, accumulate)
                #expect(y == expected { Float(bitPattern: UInt32(brain[$0]) << 16) })
            }
            var sums = table
            knas_scatter_add_rows(n.0, n.1, ids, before, &sums)
            var expectedSums = table
            for (r, id) in ids.enumerated() {
                for w in 0..<width { expectedSums[Int(id) * width + w] += before[r * width + w] }
            }
            #expect(sums == expectedSums)
        }
    }
}
