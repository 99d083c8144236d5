import CKernels

/// Means and variances of columns over rows that arrive block by block (Chan, Golub and LeVeque,
/// "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
package struct ColumnMoments {
    private var rows = 0
    package private(set) var means: [Double]
    /// Sums of squared differences from the means.
    private var squares: [Double]

    package init(width: Int) {
        means = Array(repeating: 0, count: width)
        squares = means
    }

    /// Standard deviations over all rows so far.
    package var deviations: [Double] { squares.map { ($0 / Double(max(1, rows))).squareRoot() } }

    /// Scale and shift that give every column zero mean and unit variance.
    ///
    /// A column that hardly varies beside the others, e.g. as the encoder multiplies it by almost nothing, is scaled as they
    /// are: it says nothing that rounding has not changed, and where the encoder is trained the smallest step would
    /// make millions of it.
    package var standardization: (scale: [Float], shift: [Float]) {
        let deviations = self.deviations
        let usual =
            (deviations.reduce(0) { $0 + $1 * $1 } / Double(max(1, deviations.count))).squareRoot()
        let scale = zip(means, deviations).map { mean, deviation in
            let varies = deviation > Self.leastVariation * usual && deviation > 1e-5 * abs(mean)
            return Float(1 / (varies ? deviation : usual > 1e-12 ? usual : 1))
        }
        return (scale, zip(means, scale).map { Float(-$0) * $1 })
    }

    /// The least deviation that is scaled up, as a share of the root mean square of all columns' deviations.
    private static let leastVariation = 1e-3

    /// Adds a block `[count, width]`.
    package mutating func add(_ x: UnsafePointer<Float>, rows count: Int) {
        guard count > 0 else { return }
        let width = means.count
        var blockMeans = [Double](repeating: 0, count: width)
        knas_double_column_sums(Int64(count), Int64(width), x, &blockMeans)
        for column in 0..<width { blockMeans[column] /= Double(count) }
        var blockSquares = [Double](repeating: 0, count: width)
        knas_column_square_deviations(
            Int64(count), Int64(width), x, blockMeans, &blockSquares)
        guard rows > 0 else {
            (rows, means, squares) = (count, blockMeans, blockSquares)
            return
        }
        let (before, added) = (Double(rows), Double(count))
        for column in 0..<width {
            let difference = blockMeans[column] - means[column]
            means[column] += difference * added / (before + added)
            squares[column] +=
                blockSquares[column] + difference * difference * before * added / (before + added)
        }
        rows += count
    }
}
