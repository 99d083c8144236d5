import Graphs
import Support

extension HeadLimits {
    /// Heads that the usual cost is found from.
    private static let sample = 256
    /// Heads up to this multiple of the median are proposed. One that costs four times the median takes the
    /// place of four in scoring and in every training, and is no better: on front-desk and
    /// paraphrase the portfolio's held-out loss is lower with this bound than without.
    private static let largestMultiple = 1.5

    /// The same with a bound on multiply-adds where there is none: half again the median of heads that are
    /// drawn at random.
    public func usual(in space: SearchSpace) -> HeadLimits {
        guard multiplyAdds == nil else { return self }
        var generator = RandomKey(seed: 1).child("usual cost").generator()
        let graphs = (0..<Self.sample).map { _ in
            space.graph(of: space.sample(using: &generator))
        }.filter(allow)
        guard !graphs.isEmpty else { return self }
        let example = Batch(lengths: lengths, segments: space.context.segments)
        let costs = graphs.map { Double($0.multiplyAdds(example)) }.sorted()
        var result = self
        result.multiplyAdds = Self.largestMultiple * costs[costs.count / 2]
        return result
    }
}
