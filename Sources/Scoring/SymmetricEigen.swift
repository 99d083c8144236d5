import COpenBLAS
import Tensors

/// Eigenvalues, and eigenvectors where wanted, of a symmetric matrix in double precision (LAPACK's
/// dsyevd).
struct SymmetricEigen {
    /// Ascending, `[n]`.
    let values: [Double]
    /// Row `k` is the eigenvector of `values[k]`, `[n, n]`; empty unless asked for.
    let vectors: [Double]

    /// - Parameter matrix: `[n, n]`, symmetric.
    /// - Returns: `nil` when an element is not finite or the iteration does not converge.
    /// - Complexity: O(n^3).
    init?(_ matrix: [Double], _ n: Int, vectors wantsVectors: Bool = false) {
        precondition(matrix.count == n * n, "a square matrix")
        guard matrix.allSatisfy(\.isFinite) else { return nil }
        guard n > 0 else {
            values = []
            vectors = []
            return
        }
        // Reading the name keeps OpenBLAS to the calling thread.
        _ = BLAS.kernelName
        var a = matrix
        var w = [Double](repeating: 0, count: n)
        var job = CChar(UInt8(ascii: wantsVectors ? "V" : "N"))
        var triangle = CChar(UInt8(ascii: "U"))
        var order = Int32(n)
        var workCount = Int32(wantsVectors ? 1 + 6 * n + 2 * n * n : 1 + 2 * n)
        var integerCount = Int32(wantsVectors ? 3 + 5 * n : 1)
        var work = [Double](repeating: 0, count: Int(workCount))
        var integers = [Int32](repeating: 0, count: Int(integerCount))
        var info: Int32 = 0
        dsyevd_(
            &job, &triangle, &order, &a, &order, &w, &work, &workCount, &integers, &integerCount,
            &info)
        guard info == 0, w.allSatisfy(\.isFinite) else { return nil }
        values = w
        // Fortran's columns are rows here.
        vectors = wantsVectors ? a : []
    }
}
