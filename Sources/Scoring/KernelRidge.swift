import COpenBLAS

/// Kernel ridge regression with a constant term that is not penalised, for every ridge from one
/// eigendecomposition `K = U diag(v) U'`.
///
/// Minimises `sum_i (y_i - f(x_i))^2 + ridge * |f|^2` over `f(x) = sum_i w_i k(x, x_i) + b`, so
/// that with `A = K + ridge I`: `b = 1'A^-1 y / 1'A^-1 1` and `w = A^-1 (y - b)`. The error on
/// example i of the regression without it is `w_i / G_ii` with `G = A^-1 - A^-1 1 1'A^-1 / 1'A^-1
/// 1`: exact and without training again (Cawley and Talbot, "Fast exact leave-one-out
/// cross-validation of sparse least-squares support vector machines", 2004, eq. 3).
public struct KernelRidge {
    private let n: Int
    private let eigen: SymmetricEigen
    /// The eigenvalues; those below zero are rounding.
    private let values: [Double]
    /// `U'1`, `[n]`.
    private let ones: [Double]
    /// The kernel's mean diagonal.
    private let scale: Double

    /// - Parameter kernel: `[n, n]`, symmetric, n >= 1.
    /// - Returns: `nil` when the kernel is not finite.
    /// - Complexity: O(n^3).
    public init?(_ kernel: [Double], _ n: Int) {
        let diagonal = (0..<n).reduce(0.0) { $0 + kernel[$1 * n + $1] } / Double(n)
        guard diagonal.isFinite, let eigen = SymmetricEigen(kernel, n, vectors: true) else {
            return nil
        }
        // A kernel of zeros predicts the mean at any ridge.
        scale = diagonal > 0 ? diagonal : 1
        self.n = n
        self.eigen = eigen
        values = eigen.values.map { max($0, 0) }
        ones = (0..<n).map { k in
            (0..<n).reduce(0) { $0 + eigen.vectors[k * n + $1] }
        }
    }

    /// Ridges to choose from, as shares of the kernel's mean diagonal: 1e-4 to 10, two per decade.
    /// The kernel's own rounding stays below the smallest.
    private static let ridges: [Double] = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10].flatMap { [$0, 3 * $0] }
        .dropLast()

    /// The weights `[n]` and the constant of one target.
    struct Solution {
        let weights: [Double]
        let constant: Double
    }

    /// - Parameters:
    ///   - targets: `[n]`.
    ///   - ridge: positive.
    /// - Complexity: O(n^2).
    func solve(_ targets: [Double], ridge: Double) -> Solution {
        solve(projected: project(targets), ridge: ridge)
    }

    /// The least squared leave-one-out error, summed over all targets and examples, and the ridge
    /// that has it; the largest in a tie.
    /// - Complexity: O(n^2 (targets + 1)) per ridge.
    func leastLeaveOneOutError(_ targets: [[Double]]) -> (error: Double, ridge: Double) {
        let candidates = Self.ridges.map { $0 * scale }
        let projected = targets.map(project)
        var best = (error: Double.infinity, ridge: candidates.max()!)
        for ridge in candidates.sorted(by: >) {
            let diagonal = inverseDiagonal(ridge)
            var error = 0.0
            for target in projected {
                let weights = solve(projected: target, ridge: ridge).weights
                for i in 0..<n {
                    let miss = weights[i] / diagonal[i]
                    error += miss * miss
                }
            }
            if error < best.error { best = (error, ridge) }
        }
        return best
    }

    /// What the regression says of every example when it has not seen it, for each target `[n]`, with the ridge
    /// that has the least squared error of that; the largest in a tie.
    /// - Complexity: O(n^2 (targets + 1)) for each of the ridges, most of it matrix products.
    public func leaveOneOut(_ targets: [[Double]]) -> [[Double]] {
        let count = targets.count
        guard count > 0 else { return [] }
        // `[n, targets]`, and its projection `U'y`.
        let table = (0..<n).flatMap { row in targets.map { $0[row] } }
        let projected = product(CblasNoTrans, table, count)
        var best = (error: Double.infinity, misses: table)
        for ridge in Self.ridges.map({ $0 * scale }).sorted(by: >) {
            let inverse = values.map { 1 / ($0 + ridge) }
            var tops = [Double](repeating: 0, count: count)
            var bottom = 0.0
            for k in 0..<n {
                bottom += ones[k] * ones[k] * inverse[k]
                for target in 0..<count {
                    tops[target] += ones[k] * projected[k * count + target] * inverse[k]
                }
            }
            var factors = projected
            for k in 0..<n {
                for target in 0..<count {
                    factors[k * count + target] -= tops[target] / bottom * ones[k]
                    factors[k * count + target] *= inverse[k]
                }
            }
            let diagonal = inverseDiagonal(ridge)
            var misses = product(CblasTrans, factors, count)
            var error = 0.0
            for place in misses.indices {
                misses[place] /= diagonal[place / count]
                error += misses[place] * misses[place]
            }
            if error < best.error { best = (error, misses) }
        }
        return targets.indices.map { target in
            (0..<n).map { targets[target][$0] - best.misses[$0 * count + target] }
        }
    }

    /// The eigenvectors, one in each row, or their transpose, times a table `[n, columns]`.
    private func product(
        _ orientation: CBLAS_TRANSPOSE, _ table: [Double], _ columns: Int
    ) -> [Double] {
        var result = [Double](repeating: 0, count: n * columns)
        cblas_dgemm(
            CblasRowMajor, orientation, CblasNoTrans, Int32(n), Int32(columns), Int32(n), 1,
            eigen.vectors, Int32(n), table, Int32(columns), 0, &result, Int32(columns))
        return result
    }

    /// `U'y`.
    private func project(_ targets: [Double]) -> [Double] {
        (0..<n).map { k in
            var sum = 0.0
            for i in 0..<n { sum += eigen.vectors[k * n + i] * targets[i] }
            return sum
        }
    }

    private func solve(projected: [Double], ridge: Double) -> Solution {
        var top = 0.0
        var bottom = 0.0
        for k in 0..<n {
            top += ones[k] * projected[k] / (values[k] + ridge)
            bottom += ones[k] * ones[k] / (values[k] + ridge)
        }
        let constant = top / bottom
        var weights = [Double](repeating: 0, count: n)
        for k in 0..<n {
            let factor = (projected[k] - constant * ones[k]) / (values[k] + ridge)
            for i in 0..<n { weights[i] += factor * eigen.vectors[k * n + i] }
        }
        return Solution(weights: weights, constant: constant)
    }

    /// The diagonal of G.
    private func inverseDiagonal(_ ridge: Double) -> [Double] {
        var diagonal = [Double](repeating: 0, count: n)
        var row = diagonal
        var bottom = 0.0
        for k in 0..<n {
            let inverse = 1 / (values[k] + ridge)
            bottom += ones[k] * ones[k] * inverse
            for i in 0..<n {
                let u = eigen.vectors[k * n + i]
                diagonal[i] += u * u * inverse
                row[i] += u * ones[k] * inverse
            }
        }
        for i in 0..<n { diagonal[i] -= row[i] * row[i] / bottom }
        return diagonal
    }
}
