import CKernels
import Testing

@Suite("Kernels: dropout")
struct DropoutKernelTests {
    func dropout(
        _ x: [Float], rate: Float, key: UInt64 = 1, first: UInt64 = 0, added to: [Float]? = nil
    ) -> [Float] {
        var y = to ?? [Float](repeating: 9, count: x.count)
        knas_dropout(Int64(x.count), rate, key, first, x, &y, to == nil ? 0 : 1)
        return y
    }

    @Test(
        "the share kept is 1 - rate and what is kept is scaled", arguments: [Float(0.1), 0.5, 0.9])
    func rate(rate: Float) {
        let ones = [Float](repeating: 1, count: 200_000)
        for key in [0, 1, 2, UInt64.max] {
            let y = dropout(ones, rate: rate, key: key)
            let kept = y.filter { $0 != 0 }
            #expect(abs(Float(kept.count) / 200_000 - (1 - rate)) < 0.01)
            #expect(kept.allSatisfy { $0 == 1 / (1 - rate) })
        }
    }

    @Test("the mask is a function of key and counter: forward, backward, blocks, accumulation")
    func mask() {
        let x = Kernels.values(3000, seed: 1)
        let dy = Kernels.values(3000, seed: 2)
        let y = dropout(x, rate: 0.3)
        let dx = dropout(dy, rate: 0.3)
        #expect(zip(y, dx).allSatisfy { ($0 == 0) == ($1 == 0) })
        for size in Kernels.sizes {
            let part = dropout(Array(x[777..<777 + size]), rate: 0.3, first: 777)
            #expect(part == Array(y[777..<777 + size]))
        }
        let before = Kernels.values(3000, seed: 3)
        let added = dropout(x, rate: 0.3, added: before)
        Kernels.expectClose(added, Kernels.sum(before, Kernels.doubles(y)), tolerance: 3e-7)
        var inPlace = x
        inPlace.withUnsafeMutableBufferPointer {
            knas_dropout(3000, 0.3, 1, 0, UnsafePointer($0.baseAddress), $0.baseAddress, 0)
        }
        #expect(inPlace == y)
    }

    @Test("keys and far counters give unrelated masks")
    func independence() {
        let ones = [Float](repeating: 1, count: 100_000)
        let base = dropout(ones, rate: 0.5)
        let others = [
            dropout(ones, rate: 0.5, key: 2), dropout(ones, rate: 0.5, key: 1 << 63 | 1),
            dropout(ones, rate: 0.5, first: 1), dropout(ones, rate: 0.5, first: 1 << 32),
        ]
        for other in others {
            let agreement = zip(base, other).filter { $0 == $1 }.count
            #expect(abs(agreement - 50_000) < 1000)
        }
        // No mask is a shifted copy of a neighbouring key's.
        for shift in 1...64 {
            let agreement = zip(base.dropFirst(shift), others[0]).filter { $0 == $1 }.count
            #expect(abs(agreement - 50_000) < 1500)
        }
        // Neighbours in one mask are unrelated.
        let pairs = zip(base, base.dropFirst()).filter { $0 == $1 }.count
        #expect(abs(pairs - 50_000) < 1000)
    }

    @Test("a block may cross a multiple of 2^32")
    func crossing() {
        let ones = [Float](repeating: 1, count: 2000)
        let start = (UInt64(7) << 32) - 1000
        let whole = dropout(ones, rate: 0.4, first: start)
        let halves =
            dropout(Array(ones[..<1000]), rate: 0.4, first: start)
            + dropout(Array(ones[1000...]), rate: 0.4, first: 7 << 32)
        #expect(whole == halves)
        #expect(dropout(ones, rate: 0.4, first: UInt64.max - 500).count == 2000)
    }

    @Test("rate 0 keeps everything; NaN does not reach what is dropped but stays where it is kept")
    func limits() {
        let x = Kernels.values(500, seed: 1)
        #expect(dropout(x, rate: 0) == x)
        let nan = dropout([Float](repeating: .nan, count: 500), rate: 0.5)
        #expect(nan.allSatisfy { $0.isNaN || $0 == 0 })
        #expect(nan.contains { $0.isNaN } && nan.contains(0))
    }
}
