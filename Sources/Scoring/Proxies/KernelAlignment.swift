import Metrics

/// Centred alignment of the output kernel with the label kernel: `<HNH, HYH> / (|HNH| |HYH|)`, with
/// `Y_ij = [y_i = y_j]` (``Targets/similarity(_:_:)`` for labels and numbers) and `H = I - 11'/n` (Cortes, Mohri and Rostamizadeh, JMLR 2012, def. 4).
struct KernelAlignment: Proxy {
    let name = "alignment"
    let summary = "centred alignment of the output kernel with the labels (Cortes et al. 2012)"
    let readsKernel = true

    func score(_ head: HeadEvaluation) -> Double {
        let n = head.exampleCount
        let kernel = centred(head.outputGram, n)
        let target = centred(
            (0..<n * n).map { head.targets.similarity($0 / n, $0 % n) }, n)
        let norm = (dot(kernel, kernel) * dot(target, target)).squareRoot()
        return norm > 0 ? dot(kernel, target) / norm : 0
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// `HMH` of a symmetric matrix.
    private func centred(_ matrix: [Double], _ n: Int) -> [Double] {
        let means = (0..<n).map { row in
            (0..<n).reduce(0.0) { $0 + matrix[row * n + $1] } / Double(n)
        }
        let mean = means.reduce(0, +) / Double(n)
        return (0..<n * n).map { matrix[$0] - means[$0 / n] - means[$0 % n] + mean }
    }
}
