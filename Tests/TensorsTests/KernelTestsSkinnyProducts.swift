import CKernels
import Testing

@Suite("Kernels: products with a few columns")
struct SkinnyProductKernelTests {
    @Test("both products are added as sums over rows and columns", arguments: [0, 1, 7, 8, 21])
    func products(rows: Int) {
        for width in Kernels.sizes {
            for columns in [1, 2, 3] {
                let x = Kernels.values(rows * width, seed: 1)
                let w = Kernels.values(columns * width, seed: 2)
                let s = Kernels.values(rows * columns, seed: 3)
                var dots = Kernels.values(rows * columns, seed: 4)
                var sums = Kernels.values(columns * width, seed: 5)
                var expectedDots = Kernels.doubles(dots)
                var expectedSums = Kernels.doubles(sums)
                for r in 0..<rows {
                    for c in 0..<columns {
                        for i in 0..<width {
                            let value = Double(x[r * width + i])
                            expectedDots[r * columns + c] += value * Double(w[c * width + i])
                            expectedSums[c * width + i] += value * Double(s[r * columns + c])
                        }
                    }
                }
                knas_row_dots(Int64(rows), Int64(width), x, Int64(columns), w, &dots)
                knas_weighted_row_sums(Int64(rows), Int64(width), x, Int64(columns), s, &sums)
                Kernels.expectClose(dots, expectedDots, tolerance: 2e-4, "dots \(width)")
                Kernels.expectClose(sums, expectedSums, tolerance: 2e-5, "sums \(width)")
            }
        }
    }
}
