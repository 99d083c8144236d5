import CKernels
import Graphs
import Tensors

/// How the rows of a head's values map to examples.
extension HeadEvaluation {
    /// Widths of the inputs by slot.
    var inputWidths: [Int] {
        var widths = [Int](repeating: 0, count: batch.inputs.count)
        for node in graph.nodes {
            if case .input(let slot) = node.primitive { widths[slot] = node.width }
        }
        return widths
    }

    /// Indices of the activation functions in the graph.
    var activationNodes: [Int] {
        graph.nodes.indices.filter {
            if case .activation = graph.nodes[$0].primitive { true } else { false }
        }
    }

    /// Rows of an example in a space.
    func rows(of example: Int, in space: RowSpace) -> Range<Int> {
        batch.firstRow(
            ofExample: example, in: space)..<batch.firstRow(
                ofExample: example + 1, in: space)
    }

    /// Sums of rows by sequence in the space of tokens, else the rows themselves, those of an
    /// example side by side: `[n, segments * width]`, or `[n, width]` in the space of examples.
    func pooled(_ values: UnsafePointer<Float>, width: Int, in space: RowSpace) -> [[Double]] {
        (0..<exampleCount).map { example in
            let groups = groups(of: example, in: space)
            var result = [Double](repeating: 0, count: groups.count * width)
            result.withUnsafeMutableBufferPointer { sums in
                for (place, group) in groups.enumerated() where width > 0 {
                    knas_double_column_sums(
                        Int64(group.count), Int64(width), values + group.lowerBound * width,
                        sums.baseAddress! + place * width)
                }
            }
            return result
        }
    }

    private func groups(of example: Int, in space: RowSpace) -> [Range<Int>] {
        guard space == .tokens else { return rows(of: example, in: space).map { $0..<$0 + 1 } }
        return (0..<batch.segments).map {
            let sequence = example * batch.segments + $0
            return Int(batch.offsets[sequence])..<Int(batch.offsets[sequence + 1])
        }
    }
}
