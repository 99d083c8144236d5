import CKernels
import Testing

@Suite("Kernels: products of gradient kernels")
struct GradientProductTests {
    static let sizes = [1, 7, 8, 16, 31, 33, 64, 100]

    @Test("outer products are the sums over rows, whatever the sizes, and touch nothing else")
    func outerProducts() {
        for (m, n) in Self.sizes.flatMap({ m in Self.sizes.map { (m, $0) } }) {
            for count in [0, 1, 45, 300] {
                let (strideD, strideX, strideC) = (m + 3, n + 5, n + 2)
                let d = Kernels.values(count * strideD + m, seed: 1)
                let x = Kernels.values(count * strideX + n, seed: 2)
                let before = Kernels.values(m * strideC, seed: 3)
                var c = before
                knas_outer_products(
                    Int64(m), Int64(n), Int64(count), d, Int64(strideD), x, Int64(strideX), &c,
                    Int64(strideC))
                var expected = Kernels.doubles(before)
                for i in 0..<m {
                    for j in 0..<n {
                        expected[i * strideC + j] = (0..<count).reduce(0.0) {
                            $0 + Double(d[$1 * strideD + i]) * Double(x[$1 * strideX + j])
                        }
                    }
                }
                Kernels.expectClose(c, expected, tolerance: 5e-5, "\(m) x \(n), \(count) rows")
            }
        }
    }

    @Test("the lower triangle receives the rows' inner products, the upper nothing")
    func gramLower() {
        for examples in [1, 3, 4, 13, 64] {
            for width in [1, 15, 16, 40, 1024, 1500, 2100] {
                let stride = width + 1
                let g = Kernels.values(examples * stride, seed: 4)
                var gram = [Double](repeating: 0.25, count: examples * examples)
                knas_gram_lower(
                    Int64(examples), Int64(width), g, Int64(stride), &gram)
                for i in 0..<examples {
                    for j in 0..<examples {
                        let place = i * examples + j
                        guard j <= i else {
                            #expect(gram[place] == 0.25)
                            continue
                        }
                        let exact = (0..<width).reduce(0.25) {
                            $0 + Double(g[i * stride + $1]) * Double(g[j * stride + $1])
                        }
                        #expect(abs(gram[place] - exact) < 2e-6 * Double(width + 100))
                    }
                }
            }
        }
    }
}
