import COpenBLAS

/// A symmetric positive definite matrix as the product of a triangular one and its transpose, ready
/// to solve linear systems with (LAPACK's spotrf and spotrs), on the calling thread.
public final class Cholesky {
    /// Rows of the matrix.
    public let order: Int
    private let factor: FloatStorage

    /// - Parameters:
    ///   - matrix: `[order, order]`, of which the lower triangle is read; it is overwritten.
    ///   - order: rows of the matrix.
    /// - Returns: `nil` when the matrix is not positive definite to the precision of float32.
    /// - Complexity: order^3 / 3 operations.
    public init?(overwriting matrix: FloatStorage, order: Int) {
        precondition(matrix.count == order * order, "a square matrix")
        self.order = order
        factor = matrix
        guard order > 0 else { return }
        // Reading the name keeps OpenBLAS to the calling thread.
        _ = BLAS.kernelName
        var triangle = Self.triangle
        var n = Int32(order)
        var info: Int32 = 0
        spotrf_(&triangle, &n, matrix.pointer, &n, &info)
        guard info == 0 else { return nil }
        for row in 0..<order where !matrix.pointer[row * order + row].isFinite { return nil }
    }

    /// Our lower triangle is the upper one in Fortran's order.
    private static var triangle: CChar { CChar(UInt8(ascii: "U")) }

    /// Replaces each of `count` right-hand sides, one after the other in `[count, order]`, by its
    /// solution.
    public func solve(_ sides: UnsafeMutablePointer<Float>, count: Int) {
        guard order > 0, count > 0 else { return }
        var triangle = Self.triangle
        var n = Int32(order)
        var sideCount = Int32(count)
        var info: Int32 = 0
        spotrs_(&triangle, &n, &sideCount, factor.pointer, &n, sides, &n, &info)
        precondition(info == 0, "arguments are right")
    }
}
