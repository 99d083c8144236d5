import COneDNN
import Support
import Testing

@testable import Tensors

@Suite("Products in bfloat16")
struct PrecisionTests {
    private static var isHere: Bool { Precision.bfloat16.isAvailable }

    private func random(_ count: Int, _ label: String) -> [Float] {
        var generator = RandomKey(seed: 7).child(label).generator()
        return (0..<count).map { _ in generator.uniform() - 0.5 }
    }

    /// To the nearest bfloat16, to even where two are as near.
    private func rounded(_ x: Float) -> Double {
        let bits = x.bitPattern
        return Double(Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
    }

    @Test(
        "a product is that of the rounded factors, with the exact bias",
        .enabled(if: isHere),
        arguments: [(1, 5, 3), (17, 33, 7), (300, 64, 48), (256, 384, 96)])
    func product(rows: Int, inputs: Int, outputs: Int) throws {
        let (x, w, bias) = (
            random(rows * inputs, "x"), random(outputs * inputs, "w"), random(outputs, "b")
        )
        for withBias in [true, false] {
            let layer = try bias.withUnsafeBufferPointer {
                try BFloat16Linear(
                    w, bias: withBias ? $0.baseAddress : nil, outputs: outputs, inputs: inputs)
            }
            var y = [Float](repeating: .nan, count: rows * outputs)
            layer.multiply(x, rows: rows, into: &y)
            for row in 0..<rows {
                for column in 0..<outputs {
                    var sum = withBias ? Double(bias[column]) : 0
                    for k in 0..<inputs {
                        sum += rounded(x[row * inputs + k]) * rounded(w[column * inputs + k])
                    }
                    #expect(abs(Double(y[row * outputs + column]) - sum) < 1e-4)
                }
            }
        }
    }

    @Test("a row's result does not depend on the rows beside it", .enabled(if: isHere))
    func rowsAlone() throws {
        let (inputs, outputs, rows) = (96, 40, 530)
        let (x, w) = (random(rows * inputs, "x"), random(outputs * inputs, "w"))
        let layer = try BFloat16Linear(w, bias: nil, outputs: outputs, inputs: inputs)
        var together = [Float](repeating: 0, count: rows * outputs)
        layer.multiply(x, rows: rows, into: &together)
        for row in [0, 15, 16, 255, 256, 511, 512, 529] {
            var alone = [Float](repeating: 0, count: outputs)
            layer.multiply(Array(x[row * inputs..<(row + 1) * inputs]), rows: 1, into: &alone)
            #expect(alone == Array(together[row * outputs..<(row + 1) * outputs]))
        }
    }

    @Test("threads that multiply at a time do not disturb one another", .enabled(if: isHere))
    func threads() throws {
        let shapes = [(96, 40), (384, 1536), (1536, 384)]
        let rows = 1013
        let x = random(rows * 1536, "x")
        let cases = try shapes.map { inputs, outputs in
            let layer = try BFloat16Linear(
                random(outputs * inputs, "w"), bias: nil, outputs: outputs, inputs: inputs)
            var expected = [Float](repeating: 0, count: rows * outputs)
            layer.multiply(x, rows: rows, into: &expected)
            return (layer, expected)
        }
        let wrong = Parallel.map(count: 24, threads: 4) { turn, _ -> Int in
            let (layer, expected) = cases[turn % cases.count]
            let count = rows - turn * 37
            var y = [Float](repeating: 0, count: count * layer.outputs)
            layer.multiply(x, rows: count, into: &y)
            return y == Array(expected.prefix(y.count)) ? 0 : 1
        }
        #expect(wrong.reduce(0, +) == 0)
    }

    @Test("what is not a number does not become one", .enabled(if: isHere))
    func notFinite() throws {
        let layer = try BFloat16Linear([1, 1, 1], bias: nil, outputs: 1, inputs: 3)
        let nans: [Float] = [.nan, Float(bitPattern: 0x7fff_ffff), Float(bitPattern: 0x7f80_0001)]
        for value in nans {
            var y: [Float] = [0]
            layer.multiply([1, value, 2], rows: 1, into: &y)
            #expect(y[0].isNaN)
        }
        var y: [Float] = [0]
        layer.multiply([1, .infinity, 2], rows: 1, into: &y)
        #expect(y[0] == .infinity)
    }

    @Test("what is missing is said")
    func missing() {
        let missing = [
            (KNAS_BF16_NOT_BUILT, "libdnnl-dev"), (KNAS_BF16_NO_LIBRARY, "libdnnl2"),
            (KNAS_BF16_NO_PROCESSOR, "AVX512-BF16"),
        ]
        for (state, word) in missing {
            let error = #expect(throws: BadOption.self) { try Precision.check(state) }
            #expect(error?.description.contains(word) == true)
            #expect(error?.kind == .usage)
        }
        #expect(throws: Never.self) { try Precision.float32.checkAvailable() }
    }
}
