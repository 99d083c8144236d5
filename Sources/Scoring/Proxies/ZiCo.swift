import Foundation

/// Inverse coefficient of variation of gradients (Li et al., ICLR 2023, eq. 17): over the layers' weight
/// matrices, the sum of `log sum_k mean_i |g_ik| / std_i g_ik`, as the authors' program has it, with one
/// example a batch. Weights whose gradient does not vary are left out, and so are matrices without any
/// other.
struct ZiCo: Proxy {
    let name = "zico"
    let summary = "mean over spread of gradients, layer by layer (Li et al. 2023)"

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        guard n >= 2 else {
            throw ScoringError.tooFewExamples(proxy: name, needed: 2, found: n)
        }
        var sums: [Int: Double] = [:]
        head.exampleGradients { id, rows, width in
            guard head.graph.parameters[id.index].shape.count == 2 else { return }
            var layer = 0.0
            for column in 0..<width {
                var sum = 0.0
                var magnitude = 0.0
                var squares = 0.0
                for example in 0..<n {
                    let value = Double(rows[example * width + column])
                    sum += value
                    magnitude += abs(value)
                    squares += value * value
                }
                let mean = sum / Double(n)
                let variance = squares / Double(n) - mean * mean
                if variance > 0 { layer += magnitude / Double(n) / variance.squareRoot() }
            }
            sums[id.index, default: 0] += layer
        }
        return sums.sorted { $0.key < $1.key }.reduce(0) { $1.value > 0 ? $0 + log($1.value) : $0 }
    }
}
