import CKernels
import Foundation
import Testing

@Suite("Kernels: AdamW and cross entropy")
struct TrainingKernelTests {
    @Test("ten steps of AdamW follow the formula", arguments: Kernels.sizes)
    func adamw(size: Int) {
        var w = Kernels.values(size, seed: 1)
        var m = [Float](repeating: 0, count: size)
        var v = m
        var reference = (w: Kernels.doubles(w), m: Kernels.doubles(m), v: Kernels.doubles(v))
        let (rate, b1, b2, eps, decay): (Float, Float, Float, Float, Float) =
            (1e-2, 0.9, 0.999, 1e-8, 0.1)
        for step in 1...10 {
            let g = Kernels.values(size, seed: UInt64(step) + 1)
            let c1 = 1 - pow(Double(b1), Double(step))
            let c2 = 1 - pow(Double(b2), Double(step))
            knas_adamw(
                Int64(size), &w, g, &m, &v, rate, b1, b2, eps, decay, Float(c1), Float(c2))
            for i in 0..<size {
                let gradient = Double(g[i])
                reference.w[i] -= Double(rate) * Double(decay) * reference.w[i]
                reference.m[i] = Double(b1) * reference.m[i] + (1 - Double(b1)) * gradient
                reference.v[i] =
                    Double(b2) * reference.v[i] + (1 - Double(b2)) * gradient * gradient
                reference.w[i] -=
                    Double(rate) * (reference.m[i] / c1)
                    / ((reference.v[i] / c2).squareRoot() + Double(eps))
            }
        }
        Kernels.expectClose(w, reference.w, tolerance: 2e-6)
        Kernels.expectClose(m, reference.m, tolerance: 1e-6)
        Kernels.expectClose(v, reference.v, tolerance: 1e-6)
    }

    @Test("a zero gradient only decays a weight, and a NaN gradient is not hidden")
    func adamwLimits() {
        var w: [Float] = [2, 2]
        var m: [Float] = [0, 0]
        var v = m
        knas_adamw(2, &w, [0, .nan], &m, &v, 0.1, 0.9, 0.999, 1e-8, 0.5, 0.1, 0.001)
        #expect(abs(w[0] - 1.9) < 1e-6 && w[1].isNaN)
    }

    static func loss(_ logits: [Double], _ label: Int, _ smoothing: Double) -> Double {
        let maximum = logits.max()!
        let normalizer = maximum + log(logits.reduce(0) { $0 + exp($1 - maximum) })
        return logits.indices.reduce(0) { sum, c in
            let target = (c == label ? 1 - smoothing : 0) + smoothing / Double(logits.count)
            return sum + target * (normalizer - logits[c])
        }
    }

    @Test("losses follow the formula and logits have the gradient of central differences")
    func crossEntropy() {
        for classes in [1, 2, 3, 7, 16, 17, 100] {
            for (smoothing, weighted) in [(Float(0), false), (0.1, true), (1, false)] {
                let rows = 5
                let logits = Kernels.values(rows * classes, seed: 1, scale: 5)
                let labels = (0..<rows).map { Int32($0 * 7 % classes) }
                let weight: [Float] = weighted ? [0.5, 2, 0, 1, 3] : [1, 1, 1, 1, 1]
                var losses = [Float](repeating: 9, count: rows)
                var dlogits = [Float](repeating: 9, count: logits.count)
                knas_cross_entropy(
                    Int64(rows), Int64(classes), logits, labels, weighted ? weight : nil, smoothing,
                    &losses, &dlogits)
                var expected: [Double] = []
                var gradient: [Double] = []
                for r in 0..<rows {
                    let row = Kernels.doubles(Array(logits[r * classes..<(r + 1) * classes]))
                    func loss(_ x: [Double]) -> Double {
                        Double(weight[r]) * Self.loss(x, Int(labels[r]), Double(smoothing))
                    }
                    expected.append(loss(row))
                    gradient += Kernels.gradient(at: row, of: loss)
                }
                Kernels.expectClose(losses, expected, tolerance: 2e-6, "\(classes)")
                Kernels.expectClose(dlogits, gradient, tolerance: 1e-6, "\(classes)")
                var alone = [Float](repeating: 9, count: rows)
                knas_cross_entropy(
                    Int64(rows), Int64(classes), logits, labels, weighted ? weight : nil, smoothing,
                    &alone, nil)
                #expect(alone == losses)
            }
        }
    }

    @Test("huge logits give finite losses and gradients")
    func hugeLogits() {
        let logits: [Float] = [1e30, -1e30, 3e4, 2e4, -1e5, -.infinity]
        var losses = [Float](repeating: 9, count: 3)
        var dlogits = [Float](repeating: 9, count: 6)
        knas_cross_entropy(3, 2, logits, [1, 1, 0], nil, 0, &losses, &dlogits)
        #expect(losses == [2e30, 1e4, 0])
        #expect(dlogits == [1, -1, 1, -1, 0, 0])
        knas_cross_entropy(2, 2, logits, [0, 1], nil, 0.5, &losses, &dlogits)
        #expect(losses.allSatisfy { $0.isFinite } && dlogits.allSatisfy { $0.isFinite })
    }

    @Test("NaN logits and labels outside the classes give NaN, for their rows only")
    func invalid() {
        let logits: [Float] = [1, .nan, 1, 2, 1, 2, 1, 2]
        var losses = [Float](repeating: 9, count: 4)
        var dlogits = [Float](repeating: 9, count: 8)
        knas_cross_entropy(4, 2, logits, [0, 2, -1, 0], nil, 0, &losses, &dlogits)
        #expect(losses[..<3].allSatisfy { $0.isNaN } && dlogits[..<6].allSatisfy { $0.isNaN })
        #expect(losses[3].isFinite && dlogits[6...].allSatisfy { $0.isFinite })
    }
}
