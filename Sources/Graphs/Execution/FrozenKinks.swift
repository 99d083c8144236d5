import Tensors

/// A smooth graph that agrees with another at one batch and one set of parameters, in all
/// derivatives too: every kink (ReLU, maximum pooling, absolute difference) is replaced by the
/// linear piece that the batch is on.
///
/// Differences of its gradients approach the second derivatives that automatic differentiation
/// gives; those of the original cross kinks, whose number grows with the step just as fast as the
/// division by the step shrinks their effect.
public struct FrozenKinks {
    /// Parameters are those of the original graph, in the same order.
    public let graph: Graph
    /// The original batch with the linear pieces as additional inputs.
    public let batch: Batch
    /// Owns the additional inputs; must live as long as the batch is used.
    public let storage: [FloatStorage]
}

extension Executor {
    /// Freezes the kinks where the last forward pass found them.
    ///
    /// - Precondition: the last forward pass kept its activations, with dropout off.
    public func freezeKinks() -> FrozenKinks {
        precondition(
            mode == .differentiation || mode == .calibration,
            "the forward pass was for something else")
        var nodes: [Node] = []
        var place: [Int] = []
        var batch = self.batch
        var storage: [FloatStorage] = []

        func append(_ primitive: Primitive, _ inputs: [Int], like node: Node) -> Int {
            nodes.append(
                Node(
                    primitive: primitive, inputs: inputs, width: node.width, space: node.space))
            return nodes.count - 1
        }
        /// An additional input that holds `value(element)`, shaped like a node of the original
        /// graph.
        func constant(_ index: Int, _ fill: (UnsafeMutablePointer<Float>, Int) -> Void) -> Int {
            let values = FloatStorage(count: count(index))
            fill(values.pointer, values.count)
            storage.append(values)
            batch.inputs.append(UnsafePointer(values.pointer))
            return append(
                .input(slot: batch.inputs.count - 1), [], like: graph.nodes[index])
        }

        for (index, node) in graph.nodes.enumerated() {
            let inputs = node.inputs.map { place[$0] }
            switch node.primitive {
            case .activation(.relu):
                let x = value(node.inputs[0])
                let slopes = constant(index) { target, count in
                    for i in 0..<count { target[i] = x[i] > 0 ? 1 : 0 }
                }
                place.append(append(.binary(.multiply), [inputs[0], slopes], like: node))

            case .binary(.absoluteDifference):
                let a = value(node.inputs[0])
                let b = value(node.inputs[1])
                let slopes = constant(index) { target, count in
                    for i in 0..<count { target[i] = a[i] > b[i] ? 1 : a[i] < b[i] ? -1 : 0 }
                }
                let difference = append(.binary(.subtract), inputs, like: node)
                place.append(append(.binary(.multiply), [difference, slopes], like: node))

            case .pool(.max):
                // The chosen rows alone, times their sequence's length: the mean is the maximum.
                let input = graph.nodes[node.inputs[0]]
                let choice = constant(node.inputs[0]) { target, _ in
                    saved[index][0].withMemoryRebound(to: Int32.self, capacity: count(index)) {
                        for i in 0..<count(index) {
                            let sequence = i / node.width
                            let length =
                                self.batch.offsets[sequence + 1] - self.batch.offsets[sequence]
                            target[Int($0[i]) * node.width + i % node.width] = Float(length)
                        }
                    }
                }
                let chosen = append(.binary(.multiply), [inputs[0], choice], like: input)
                place.append(append(.pool(.mean), [chosen], like: node))

            default: place.append(append(node.primitive, inputs, like: node))
            }
        }
        let output = graph.output
        return FrozenKinks(
            graph: Graph(
                nodes: nodes, parameters: graph.parameters,
                output: Value(
                    node: place[output.node], width: output.width, space: output.space),
                segments: graph.segments),
            batch: batch, storage: storage)
    }
}
