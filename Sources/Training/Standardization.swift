import CKernels
import Tensors

/// Zero mean and unit variance for each feature, as train has them.
struct Standardization: Sendable {
    let width: Int
    let scale: [Float]
    let shift: [Float]

    init(_ rows: FloatStorage, rows count: Int) {
        width = rows.count / max(1, count)
        var sums = [Double](repeating: 0, count: width)
        var squares = [Double](repeating: 0, count: width)
        for row in 0..<count {
            for column in 0..<width { sums[column] += Double(rows.pointer[row * width + column]) }
        }
        let means = sums.map { $0 / Double(count) }
        for row in 0..<count {
            for column in 0..<width {
                let d = Double(rows.pointer[row * width + column]) - means[column]
                squares[column] += d * d
            }
        }
        // A feature that never changes carries nothing and stays at zero.
        let deviations = squares.map { ($0 / Double(count)).squareRoot() }
        scale = deviations.map { $0 > 1e-12 ? Float(1 / $0) : 0 }
        shift = zip(means, scale).map { Float(-$0) * $1 }
    }

    func apply(_ rows: FloatStorage, rows count: Int) -> FloatStorage {
        let result = FloatStorage(count: rows.count)
        knas_affine_rows(
            Int64(count), Int64(width), rows.pointer, scale, shift, result.pointer, 0)
        return result
    }
}
