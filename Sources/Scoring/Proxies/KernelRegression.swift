/// Minus the held-out squared error of kernel ridge regression with the output kernel: the batch is cut
/// in two class-balanced halves, each predicts the other's labels.
///
/// Wide networks train like such regressions (Jacot et al. 2018; Lee et al. 2019), so that this says how
/// well the head can learn these labels rather than how fast it learns anything.
struct KernelRegression: Proxy {
    let name = "ntk-regression"
    let summary = "minus the held-out error of kernel regression with the output kernel"

    /// Ridge, as a share of the kernel's mean diagonal.
    private let ridge = 0.01

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        guard n >= 4 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 4, found: n)
        }
        let gram = head.outputGram
        let halves = split(head.labels)
        var error = 0.0
        for (train, test) in [(halves.0, halves.1), (halves.1, halves.0)] {
            error += heldOutError(gram, n, train, test, head.labels, head.classes)
        }
        return -error / Double(n)
    }

    /// Examples of every class go to the halves in turn.
    private func split(_ labels: [Int32]) -> ([Int], [Int]) {
        var halves: ([Int], [Int]) = ([], [])
        var turn = false
        for label in Set(labels).sorted() {
            for index in labels.indices where labels[index] == label {
                if turn { halves.1.append(index) } else { halves.0.append(index) }
                turn.toggle()
            }
        }
        return halves
    }

    /// Summed squared error against one-hot labels.
    private func heldOutError(
        _ gram: [Double], _ n: Int, _ train: [Int], _ test: [Int], _ labels: [Int32],
        _ classes: Int
    ) -> Double {
        let m = train.count
        let diagonal = train.reduce(0.0) { $0 + gram[$1 * n + $1] } / Double(m)
        var matrix = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
            for j in 0..<m { matrix[i * m + j] = gram[train[i] * n + train[j]] }
            matrix[i * m + i] += ridge * diagonal
        }
        guard let factor = CholeskyFactor(matrix, m) else { return .nan }
        var error = 0.0
        for output in 0..<classes {
            let mean = train.reduce(0.0) { $0 + (labels[$1] == output ? 1 : 0) } / Double(m)
            let weights = factor.solve(train.map { (labels[$0] == output ? 1 : 0) - mean })
            for index in test {
                var prediction = mean
                for (place, other) in train.enumerated() {
                    prediction += weights[place] * gram[index * n + other]
                }
                let target: Double = labels[index] == output ? 1 : 0
                error += (prediction - target) * (prediction - target)
            }
        }
        return error
    }
}

/// The Cholesky factor of a symmetric positive definite matrix of modest size.
struct CholeskyFactor {
    private let lower: [Double]
    private let n: Int

    /// `nil` when the matrix is not positive definite in double precision.
    /// - Complexity: O(n^3 / 3).
    init?(_ matrix: [Double], _ n: Int) {
        var l = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0...i {
                var sum = matrix[i * n + j]
                for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
                if i == j {
                    guard sum > 0, sum.isFinite else { return nil }
                    l[i * n + i] = sum.squareRoot()
                } else {
                    l[i * n + j] = sum / l[j * n + j]
                }
            }
        }
        lower = l
        self.n = n
    }

    /// Solves `M x = b`.
    func solve(_ b: [Double]) -> [Double] {
        var x = b
        for i in 0..<n {
            for k in 0..<i { x[i] -= lower[i * n + k] * x[k] }
            x[i] /= lower[i * n + i]
        }
        for i in stride(from: n - 1, through: 0, by: -1) {
            for k in i + 1..<n { x[i] -= lower[k * n + i] * x[k] }
            x[i] /= lower[i * n + i]
        }
        return x
    }
}
