import Tensors

/// The curvature that regressions on the same rows share: the Hessian of an output's weights is near
/// `kappa X'X + decay`, with kappa the mean of `p (1 - p)`, or 1 for squared errors (Böhning, "Multinomial logistic
/// regression algorithm", 1992, has its bound). Solving with it removes the correlations of the
/// features, which are all that makes these fits hard for L-BFGS.
struct LogisticCurvature {
    /// The largest width whose factorisation is worth its cubic cost.
    private static let largestWidth = 4096

    private let rows: FloatStorage
    private let width: Int
    /// The lower triangle of `X'X / n`, `[width, width]`.
    private let products: FloatStorage

    /// - Parameter rows: `[n, width]`, each column with mean zero or near it.
    /// - Returns: `nil` where fits are cheap enough without it.
    init?(_ rows: FloatStorage, width: Int) {
        let n = rows.count / max(1, width)
        guard width > 0, width <= Self.largestWidth, n * 2 >= width else { return nil }
        self.rows = rows
        self.width = width
        products = FloatStorage(count: width * width)
        BLAS.multiplyByOwnTranspose(
            rows.pointer, .transposed, strideA: width, into: products.pointer, strideC: width,
            n: width, k: n,
            alpha: 1 / Float(n))
    }

    /// The inverse of the estimated Hessian near `weights`, to be applied to gradients of
    /// ``LogisticObjective/evaluate(_:)``; `nil` where float32 is not precise enough for it.
    func inverse(
        of objective: LogisticObjective, near weights: [Float]
    ) -> ((inout [[Float]]) -> Void)? {
        let classes = objective.classes
        let spread = objective.spread(at: weights)
        let decay = Float(1 / (objective.strength * Double(objective.targets.count)))
        let matrix = FloatStorage(count: width * width)
        for row in 0..<width {
            let start = row * width
            for column in start...(start + row) {
                matrix.pointer[column] = spread * products.pointer[column]
            }
            matrix.pointer[start + row] += decay
        }
        guard let factored = Cholesky(overwriting: matrix, order: width) else { return nil }
        let width = width
        return { gradients in
            let weights = classes * width
            var values = gradients.flatMap { $0[..<weights] }
            factored.solve(&values, count: classes * gradients.count)
            for place in gradients.indices {
                let start = place * weights
                gradients[place].replaceSubrange(
                    ..<weights, with: values[start..<start + weights])
                for index in weights..<gradients[place].count { gradients[place][index] /= spread }
            }
        }
    }
}

extension LogisticObjective {
    /// The minimum, by L-BFGS.
    ///
    /// - Parameter curvature: that of the same rows, or none.
    func minimum(
        from start: [Float]?, maximumIterations: Int, curvature: LogisticCurvature?
    ) -> [Float] {
        let start = start ?? Array(repeating: 0, count: count)
        return LBFGS.minimize(
            from: start, maximumIterations: maximumIterations,
            precondition: curvature?.inverse(of: self, near: start)
        ) { evaluate($0) }
    }
}
