import Support
import Tensors

/// The weights of a graph's linear nodes over tokens, rounded to bfloat16, for training in mixed precision
/// (Micikevicius et al., ICLR 2018): an ``Executor`` that has them multiplies in bfloat16 in all three
/// products of such a node, forward, for the gradient of its input and for that of its weights.
///
/// Products are added up in float32; the weights that are trained, their gradients and everything else
/// stay float32. bfloat16 has float32's range, so losses need no scaling.
public final class MixedPrecisionWeights: @unchecked Sendable {
    /// A weight, `[outputs, inputs]`, and where its rounded copy begins.
    private struct Matrix {
        let weight: ParameterID
        let count: Int
        let offset: Int
    }

    private let parameters: ParameterSet
    private let matrices: [Matrix]
    private let places: [Int: Int]
    private let storage: UnsafeMutablePointer<UInt16>
    /// Weights that a thread rounds at a time.
    private static let pieceCount = 1 << 18

    /// Copies are undefined until the first ``round(threads:)``.
    /// - Throws: `BadOption` where ``Precision/bfloat16`` cannot be used.
    public init(_ graph: Graph, _ parameters: ParameterSet) throws {
        try Precision.bfloat16.checkAvailable()
        self.parameters = parameters
        var matrices: [Matrix] = []
        var places: [Int: Int] = [:]
        var known: [ParameterID: Int] = [:]
        var end = 0
        for (index, node) in graph.nodes.enumerated() {
            // What is multiplied for each example once costs nothing, and decides.
            guard case .linear(let weight, _) = node.primitive, node.space == .tokens
            else { continue }
            if known[weight] == nil {
                let count = graph.parameters[weight.index].count
                known[weight] = end
                matrices.append(Matrix(weight: weight, count: count, offset: end))
                end += (count + 31) & ~31
            }
            places[index] = known[weight]
        }
        self.matrices = matrices
        self.places = places
        storage = .allocate(capacity: max(1, end))
    }

    deinit { storage.deallocate() }

    /// Rounds the weights as they are now: after every step.
    public func round(threads: Int = 1) {
        let pieces = matrices.flatMap { matrix in
            (0..<matrix.count).pieces(of: Self.pieceCount).map { (matrix, $0) }
        }
        Parallel.forEach(count: pieces.count, threads: threads) { index, _ in
            let (matrix, piece) = pieces[index]
            BFloat16Products.round(
                self.parameters.pointer(matrix.weight) + piece.lowerBound, count: piece.count,
                into: self.storage + matrix.offset + piece.lowerBound)
        }
    }

    /// The rounded weights of a node, `[outputs, inputs]`; `nil` where it is computed in float32.
    subscript(node: Int) -> UnsafePointer<UInt16>? {
        places[node].map { UnsafePointer(storage + $0) }
    }
}

extension Executor {
    /// The rounded weights of a linear node, where this pass is in mixed precision.
    func mixedWeights(_ node: Int) -> UnsafePointer<UInt16>? {
        guard case .training = mode else { return nil }
        return mixed?[node]
    }

    /// Rows that a buffer has room for: products in bfloat16 write padding too.
    func room(_ node: Int) -> Int {
        guard mixed != nil else { return count(node) }
        return BFloat16Products.paddedRows(rows(node)) * graph.nodes[node].width
    }

    /// A node's value rounded to bfloat16, with padding; once a pass, for all that multiply it.
    func roundedValue(_ node: Int) -> UnsafePointer<UInt16> {
        if let known = roundedValues[node] { return known.asBFloat16 }
        let buffer = round(value(node), like: node)
        roundedValues[node] = buffer
        return buffer.asBFloat16
    }

    /// Rows of a node's shape rounded to bfloat16, in a buffer of the pool.
    func round(_ rows: UnsafePointer<Float>, like node: Int) -> UnsafeMutablePointer<Float> {
        let width = graph.nodes[node].width
        let buffer = pool.take((room(node) + 1) / 2)
        BFloat16Products.round(
            rows, rows: self.rows(node), width: width, into: buffer.mutableBFloat16)
        return buffer
    }
}

extension UnsafeMutablePointer<Float> {
    /// The same memory, which holds twice as many numbers.
    fileprivate var mutableBFloat16: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt16.self)
    }

    var asBFloat16: UnsafePointer<UInt16> { UnsafePointer(mutableBFloat16) }
}
