import Graphs

/// The most that a head may cost; heads beyond this are not drawn.
public struct HeadLimits: Sendable, Hashable {
    /// Trained weights.
    public var parameters: Int?
    /// Multiply-adds of one example's forward pass (``Graph/multiplyAdds(_:)``), without the encoder.
    public var multiplyAdds: Double?
    /// Tokens of that example, one entry per segment.
    public var lengths: [Int]

    /// - Precondition: `lengths` has a positive entry for every segment.
    public init(parameters: Int? = nil, multiplyAdds: Double? = nil, lengths: [Int] = [1]) {
        self.parameters = parameters
        self.multiplyAdds = multiplyAdds
        self.lengths = lengths
    }

    public func allow(_ graph: Graph) -> Bool {
        if let parameters, graph.trainableCount > parameters { return false }
        if let multiplyAdds {
            let example = Batch(lengths: lengths, segments: graph.segments)
            return Double(graph.multiplyAdds(example)) <= multiplyAdds
        }
        return true
    }
}
