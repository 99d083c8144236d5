import Foundation
import Tensors
import Training

/// The gradient kernel of a wide head: what the gradients of a network with one hidden layer of
/// rectifiers have in common for two examples, in the limit of many hidden units (the neural tangent kernel;
/// Jacot, Gabriel and Hongler, NeurIPS 2018; in closed form by the arc-cosine kernels of Cho and Saul,
/// Kernel methods for deep learning, NeurIPS 2009, equations 6 and 7).
enum GradientKernel {
    /// The mean over several tables of the kernel of their rows, each row scaled to length one.
    ///
    /// With `c` the cosine of two rows and `a` its angle, `k(c) = c (pi - a) / pi + (sin a + (pi - a) c) / pi`:
    /// the part of the first layer's gradients and that of the second's.
    ///
    /// - Parameter tables: standardised features of the same examples, `[n, width]` each.
    /// - Returns: `[n, n]`, symmetric.
    /// - Complexity: O(n^2 widths).
    static func mean(_ tables: [ReadoutRows]) -> [Double] {
        let n = tables.first?.count ?? 0
        var kernel = [Double](repeating: 0, count: n * n)
        for table in tables {
            let rows = FloatStorage(unit(table))
            let products = FloatStorage(count: n * n)
            BLAS.multiplyByOwnTranspose(
                rows.pointer, strideA: table.width, into: products.pointer, strideC: n, n: n,
                k: table.width)
            for row in 0..<n {
                for column in 0...row {
                    kernel[row * n + column] +=
                        value(Double(products.pointer[row * n + column])) / Double(tables.count)
                }
            }
        }
        for row in 0..<n {
            for column in 0..<row { kernel[column * n + row] = kernel[row * n + column] }
        }
        return kernel
    }

    /// The kernel of two unit vectors with this cosine.
    static func value(_ cosine: Double) -> Double {
        let c = max(-1, min(1, cosine))
        let rest = .pi - acos(c)
        return (2 * c * rest + (1 - c * c).squareRoot()) / .pi
    }

    /// The rows, each of length one; a row of zeros stays.
    private static func unit(_ table: ReadoutRows) -> [Float] {
        var values = table.values
        for start in stride(from: 0, to: values.count, by: max(1, table.width)) {
            var sum = 0.0
            for place in start..<start + table.width {
                sum += Double(values[place] * values[place])
            }
            guard sum > 0 else { continue }
            let scale = Float(1 / sum.squareRoot())
            for place in start..<start + table.width { values[place] *= scale }
        }
        return values
    }
}
