import Foundation

/// `log |det K|` with `K_ij` the number of units that examples i and j agree on, `N - d_H(c_i,
/// c_j)` for binary codes of N units (Mellor et al., "Neural Architecture Search without Training",
/// ICML 2021, eq. 2).
///
/// A unit is a channel of an activation function, of each segment where it works on the rows of
/// segments; its bit says whether the mean of what goes into the function, over the tokens of the
/// example's segment, is above zero. For ReLU and one token this is the paper's code; smooth
/// activations are treated the same way. A singular kernel (examples with equal codes, heads
/// without activations) has no logarithm: eigenvalues below 1e-6 count as 1e-6.
struct NASWOT: Proxy {
    let name = "naswot"
    let summary = "how well activation patterns distinguish examples (Mellor et al. 2021)"

    private let floor = 1e-6

    func score(_ head: HeadEvaluation) throws -> Double {
        let n = head.exampleCount
        var codes = [[Bool]](repeating: [], count: n)
        for index in head.activationNodes {
            let input = head.graph.nodes[index].inputs[0]
            let node = head.graph.nodes[input]
            let sums = head.pooled(
                head.activations(of: input), width: node.width, in: node.space)
            for example in 0..<n {
                guard sums[example].allSatisfy(\.isFinite) else {
                    throw ScoringError.nonFinite(proxy: name)
                }
                codes[example] += sums[example].map { $0 > 0 }
            }
        }
        var kernel = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            for j in 0...i {
                var agreements = 0
                for unit in codes[i].indices where codes[i][unit] == codes[j][unit] {
                    agreements += 1
                }
                kernel[i * n + j] = Double(agreements)
                kernel[j * n + i] = Double(agreements)
            }
        }
        guard let eigen = SymmetricEigen(kernel, n) else {
            throw ScoringError.nonFinite(proxy: name)
        }
        return eigen.values.reduce(0) { $0 + log(max($1, floor)) }
    }
}
