import COpenBLAS

/// Matrix products in float32, row-major, with OpenBLAS on the calling thread.
///
/// OpenBLAS is limited to one thread; this program's own threads each work on parts of a fixed
/// size. Two such threads scale better than OpenBLAS's own, and results do not depend on their
/// number.
public enum BLAS {
    /// Whether a factor enters a product as it is stored or transposed.
    public enum Orientation: Sendable {
        case plain
        case transposed

        fileprivate var flag: CBLAS_TRANSPOSE { self == .plain ? CblasNoTrans : CblasTrans }
    }

    private static let singleThreaded: Void = {
        if choosesKernels { knas_choose_kernels() }
        openblas_set_num_threads(1)
    }()

    /// Whether an OpenBLAS that does not know this processor is told which of its kernels to take, rather than
    /// those for any. Set it to `false` before the first product in a process that multiplies with OpenBLAS on
    /// threads of its own meanwhile.
    public nonisolated(unsafe) static var choosesKernels = true

    /// The name of the kernels that OpenBLAS chose for this processor; part of what determines the
    /// last bits of every result.
    public static var kernelName: String {
        singleThreaded
        return String(cString: openblas_get_corename())
    }

    /// `c = alpha * op(a) op(b) + beta * c`, with `op(a)` `[m, k]`, `op(b)` `[k, n]`, `c` `[m, n]`.
    ///
    /// Strides are the distances between stored rows, in floats. With `beta` zero, `c` is written
    /// without being read.
    /// - Complexity: 2 m n k operations.
    @inlinable
    public static func multiply(
        _ a: UnsafePointer<Float>, _ orientationA: Orientation = .plain, strideA: Int,
        _ b: UnsafePointer<Float>, _ orientationB: Orientation = .plain, strideB: Int,
        into c: UnsafeMutablePointer<Float>, strideC: Int,
        m: Int, n: Int, k: Int, alpha: Float = 1, beta: Float = 0
    ) {
        guard m > 0, n > 0 else { return }
        sgemm(
            a, orientationA, strideA, b, orientationB, strideB, c, strideC, m, n, k, alpha, beta)
    }

    @usableFromInline
    static func sgemm(
        _ a: UnsafePointer<Float>, _ orientationA: Orientation, _ strideA: Int,
        _ b: UnsafePointer<Float>, _ orientationB: Orientation, _ strideB: Int,
        _ c: UnsafeMutablePointer<Float>, _ strideC: Int,
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ beta: Float
    ) {
        singleThreaded
        cblas_sgemm(
            CblasRowMajor, orientationA.flag, orientationB.flag, Int32(m), Int32(n), Int32(k),
            alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }

    /// `c = alpha * a transpose(a) + beta * c` for the lower triangle of `c` `[n, n]`, with `a`
    /// `[n, k]`, or stored `[k, n]` where it is transposed; the upper triangle is left alone.
    /// - Complexity: n^2 k operations.
    public static func multiplyByOwnTranspose(
        _ a: UnsafePointer<Float>, _ orientation: Orientation = .plain, strideA: Int,
        into c: UnsafeMutablePointer<Float>, strideC: Int, n: Int, k: Int, alpha: Float = 1,
        beta: Float = 0
    ) {
        guard n > 0 else { return }
        singleThreaded
        cblas_ssyrk(
            CblasRowMajor, CblasLower, orientation.flag, Int32(n), Int32(k), alpha, a,
            Int32(strideA), beta, c, Int32(strideC))
    }

    /// The inner products of rows, `[n, n]`, in float64.
    /// - Parameter values: `[n, width]`, row by row.
    /// - Complexity: n^2 width operations.
    public static func gram(_ values: [Double], rows n: Int) -> [Double] {
        precondition(n > 0 && values.count % n == 0, "rows of one width")
        var result = [Double](repeating: 0, count: n * n)
        let width = values.count / n
        guard width > 0 else { return result }
        singleThreaded
        cblas_dsyrk(
            CblasRowMajor, CblasLower, CblasNoTrans, Int32(n), Int32(width), 1, values,
            Int32(width), 0, &result, Int32(n))
        for i in 0..<n {
            for j in 0..<i { result[j * n + i] = result[i * n + j] }
        }
        return result
    }
}
