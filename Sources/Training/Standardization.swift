import CKernels
import Graphs
import Tensors

/// Zero mean and unit variance for each feature, by train's moments.
struct Standardization: Sendable {
    let width: Int
    let scale: [Float]
    let shift: [Float]

    init(_ rows: FloatStorage, rows count: Int) {
        width = rows.count / max(1, count)
        var moments = ColumnMoments(width: width)
        moments.add(rows.pointer, rows: count)
        (scale, shift) = moments.standardization
    }

    func apply(_ rows: FloatStorage, rows count: Int) -> FloatStorage {
        let result = FloatStorage(count: rows.count)
        knas_affine_rows(
            Int64(count), Int64(width), rows.pointer, scale, shift, result.pointer, 0)
        return result
    }
}
