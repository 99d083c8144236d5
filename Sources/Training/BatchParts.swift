import Features
import Graphs

/// Cuts a batch into parts whose activations stay near the processor: a head on wide features does
/// little with each number, and would wait for memory otherwise. The parts depend on the head and the
/// examples alone.
struct BatchParts {
    /// Floats of the widest activation of a part: a share of the second-level cache.
    private static let floats = 1 << 17
    /// Tokens of a part at least: matrix products of fewer rows are slow.
    private static let fewestTokens = 192
    private let tokens: Int

    init(_ graph: Graph) {
        let widest = graph.nodes.filter { $0.space == .tokens }.map(\.width).max() ?? 1
        tokens = max(Self.fewestTokens, Self.floats / widest)
    }

    /// Consecutive examples, each part with about as many tokens as are allowed.
    func split(_ members: [Int], of features: FeatureSet) -> [[Int]] {
        MicroBatches.consecutive(members, limit: tokens) { features.tokenCount($0) }
    }
}
