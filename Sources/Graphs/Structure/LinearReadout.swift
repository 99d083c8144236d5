extension Graph {
    /// A linear layer at the end of a graph that has no other trained weights.
    public struct LinearReadout: Sendable {
        /// The graph up to the layer's input, with the same parameters.
        public let body: Graph
        /// `[classes, width]`.
        public let weight: ParameterID
        /// `[classes]`.
        public let bias: ParameterID
    }

    /// The last layer, if it is linear and holds all trained weights, so that the loss is convex in
    /// them. `nil` for other graphs.
    public var linearReadout: LinearReadout? {
        var place = output.node
        // With one segment a sequence is an example, and its row is passed on.
        if case .segment(0) = nodes[place].primitive, segments == 1 {
            place = nodes[place].inputs[0]
        }
        guard case .linear(let weight, let bias?) = nodes[place].primitive else { return nil }
        let others = parameters.indices.filter {
            parameters[$0].isTrainable && $0 != weight.index && $0 != bias.index
        }
        guard others.isEmpty else { return nil }
        return LinearReadout(
            body: upTo(node: nodes[place].inputs[0]),
            weight: weight, bias: bias)
    }

    /// The graph whose result is a node's value, with the same parameters.
    public func upTo(node place: Int) -> Graph {
        // Nodes are in an order in which they can be computed: those after it are not needed.
        let node = nodes[place]
        return Graph(
            nodes: Array(nodes[...place]), parameters: parameters,
            output: Value(node: place, width: node.width, space: node.space), segments: segments)
    }
}
