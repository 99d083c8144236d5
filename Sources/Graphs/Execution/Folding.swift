import CKernels

/// Nodes that a training step computes where they are used, without their own buffer: heads on wide
/// features are bound by memory more than by arithmetic.
///
/// A concatenation of queries, keys and values is read in parts by the attention that follows it; a
/// product or a difference that only goes into a concatenation is written there directly. The
/// numbers are the same, bit for bit.
struct Folding: Sendable {
    /// Whether a node has no buffer in training.
    private(set) var isFolded: [Bool]

    init(_ graph: Graph) {
        var consumers = [[Int]](repeating: [], count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            for input in node.inputs { consumers[input].append(index) }
        }
        isFolded = Array(repeating: false, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() where index != graph.output.node {
            guard case .concatenate = node.primitive else { continue }
            isFolded[index] =
                !consumers[index].isEmpty
                && consumers[index].allSatisfy { Self.readsParts(graph, $0, of: node) }
        }
        for (index, node) in graph.nodes.enumerated() where index != graph.output.node {
            guard case .binary(let operation) = node.primitive,
                operation == .multiply || operation == .absoluteDifference,
                consumers[index].count == 1, let consumer = consumers[index].first,
                case .concatenate = graph.nodes[consumer].primitive
            else { continue }
            isFolded[index] = !isFolded[consumer]
        }
    }

    private static func readsParts(_ graph: Graph, _ consumer: Int, of packed: Node) -> Bool {
        guard case .attention = graph.nodes[consumer].primitive, packed.inputs.count == 3
        else { return false }
        return packed.inputs.allSatisfy {
            graph.nodes[$0].width == graph.nodes[consumer].width
        }
    }
}

/// Rows of queries, keys or values: the first of a row and the distance to the next row's.
struct AttentionRows {
    let pointer: UnsafePointer<Float>
    let stride: Int

    /// The row that has a head's part at `offset`.
    func row(_ index: Int, offset: Int) -> UnsafePointer<Float> {
        pointer + index * stride + offset
    }
}

extension Executor {
    /// Whether a node has no value of its own in this pass.
    func isFolded(_ index: Int) -> Bool {
        guard case .training = mode else { return false }
        return folding.isFolded[index]
    }

    /// Queries, keys and values of an attention of a width, from packed rows or from their parts.
    func attentionRows(_ packed: Int, width: Int) -> (AttentionRows, AttentionRows, AttentionRows) {
        func part(_ place: Int) -> AttentionRows {
            isFolded(packed)
                ? AttentionRows(
                    pointer: value(graph.nodes[packed].inputs[place]), stride: width)
                : AttentionRows(pointer: value(packed) + place * width, stride: 3 * width)
        }
        return (part(0), part(1), part(2))
    }

    /// Writes an input of a concatenation into its columns of the result.
    func writeColumns(_ input: Int, _ y: UnsafeMutablePointer<Float>, stride: Int) {
        let node = graph.nodes[input]
        let (rowCount, width) = (Int64(rows(input)), Int64(node.width))
        guard isFolded(input), case .binary(let operation) = node.primitive else {
            knas_copy_columns(rowCount, width, value(input), width, y, Int64(stride), 0)
            return
        }
        let (a, b) = (value(node.inputs[0]), value(node.inputs[1]))
        switch operation {
        case .multiply: knas_multiply_columns(rowCount, width, a, b, y, Int64(stride))
        case .absoluteDifference:
            knas_absolute_difference_columns(rowCount, width, a, b, y, Int64(stride))
        case .add, .subtract: preconditionFailure("not folded")
        }
    }
}
