import Features
import Graphs

/// Splits a batch into parts whose activations fit in the processor's cache: a head on wide
/// features computes little with each number and would otherwise wait for memory. The parts depend
/// only on the head and the examples.
struct BatchParts {
    /// Floats in the widest activation of a part: a share of the second-level cache.
    private static let floats = 1 << 17
    /// Least tokens in a part: matrix products with fewer rows are slow.
    private static let fewestTokens = 192
    private let tokens: Int

    init(_ graph: Graph) {
        let widest = graph.nodes.filter { $0.space == .tokens }.map(\.width).max() ?? 1
        tokens = max(Self.fewestTokens, Self.floats / widest)
    }

    /// Consecutive examples, with about as many tokens in each part as allowed.
    func split(_ members: [Int], of features: FeatureSet) -> [[Int]] {
        TokenBatches.consecutive(members, limit: tokens) { features.tokenCount($0) }
    }
}
