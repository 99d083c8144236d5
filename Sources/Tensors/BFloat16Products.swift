import COneDNN

/// Products of matrices that have been rounded to bfloat16, added up in float32, with oneDNN on the calling
/// thread: what training multiplies with where weights change every step.
///
/// Rounded matrices are row-major and contiguous. Each thread keeps a program for every size that it has
/// met, so rows whose number varies are padded with zeros to a multiple of ``rowStep``.
/// - Precondition: ``Precision/bfloat16`` is available.
public enum BFloat16Products {
    /// What numbers of rows are padded to a multiple of.
    public static let rowStep = 16

    /// Rows with their padding.
    public static func paddedRows(_ rows: Int) -> Int {
        (rows + rowStep - 1) / rowStep * rowStep
    }

    /// Rounds `count` numbers to the nearest bfloat16, to even where two are as near.
    public static func round(
        _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<UInt16>
    ) {
        knas_bf16_round(Int64(count), x, y)
    }

    /// Rounds `x` `[rows, width]` to the nearest bfloat16, to even where two are as near.
    /// - Parameter y: `[paddedRows(rows), width]`; the padding becomes zeros.
    public static func round(
        _ x: UnsafePointer<Float>, rows: Int, width: Int, into y: UnsafeMutablePointer<UInt16>
    ) {
        round(x, count: rows * width, into: y)
        let padding = (paddedRows(rows) - rows) * width
        (y + rows * width).update(repeating: 0, count: padding)
    }

    /// `c = op(a) op(b) + bias`, or `c += op(a) op(b)`, with `op(a)` `[m, k]`, `op(b)` `[k, n]`, `c` `[m, n]`.
    /// - Parameters:
    ///   - bias: `[n]`; only where nothing is added to.
    ///   - accumulates: whether the product is added to what `c` holds.
    /// - Complexity: 2 m n k operations.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, _ orientationA: BLAS.Orientation,
        _ b: UnsafePointer<UInt16>, _ orientationB: BLAS.Orientation,
        bias: UnsafePointer<Float>? = nil, into c: UnsafeMutablePointer<Float>, m: Int, n: Int,
        k: Int, accumulates: Bool = false
    ) {
        precondition(bias == nil || !accumulates, "a bias is added once")
        guard m > 0, n > 0 else { return }
        let status = knas_bf16_product(
            Int64(m), Int64(n), Int64(k), a, orientationA == .transposed ? 1 : 0, b,
            orientationB == .transposed ? 1 : 0, bias, c, accumulates ? 1 : 0)
        precondition(status == 0, "oneDNN failed with status \(status)")
    }
}
