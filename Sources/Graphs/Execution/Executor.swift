import CKernels
import Support
import Tensors

/// Runs a ``Graph`` over batches on the calling thread.
///
/// After the first batches nothing is allocated in the inner loops: activations, gradients and
/// scratch come from one pool. Not thread-safe; use one executor per thread.
public final class Executor {
    /// What a forward pass is for.
    public enum Mode: Sendable, Equatable {
        /// Only the output is wanted: buffers are reused as soon as possible.
        case inference
        /// A backward pass follows; dropout is off, as gradient kernels need it.
        case differentiation
        /// A backward pass follows; dropout masks come from `key`, a new one each step.
        case training(key: UInt64)
        /// Calibrated parameters are set along the way; a backward pass may follow, dropout is off.
        case calibration

        var keepsActivations: Bool { self != .inference }
    }

    public let graph: Graph
    let pool: BufferPool
    /// Nodes that lead back to a trained parameter.
    let needsGradient: [Bool]
    private let consumerCounts: [Int]
    let folding: Folding
    /// What linear nodes of forward passes in ``Mode/inference`` multiply with instead of their weights.
    private let rounded: RoundedWeights?
    /// What linear nodes multiply with in ``Mode/training(key:)``, if that is in mixed precision.
    let mixed: MixedPrecisionWeights?

    // State of the current batch.
    var parameters: ParameterSet?
    var batch = Batch(lengths: [], segments: 1)
    var mode = Mode.inference
    var values: [UnsafeMutablePointer<Float>?]
    /// What a primitive's forward pass keeps for its backward pass.
    var saved: [[UnsafeMutablePointer<Float>]]
    /// Values that were rounded in this pass, and the gradient that a node was just given, rounded.
    var roundedValues: [UnsafeMutablePointer<Float>?]
    var roundedGradient: UnsafeMutablePointer<Float>?
    private var storageNode: [Int]
    private var remainingUses: [Int]
    private var isOwned: [Bool]

    /// - Parameters:
    ///   - pool: scratch memory that belongs to this executor's thread. If others use it afterwards,
    ///     ``reset()`` gives back what the executor still holds.
    ///   - rounded: the weights to multiply with in ``Mode/inference``; `nil` for the exact ones.
    ///   - mixed: those to multiply with in ``Mode/training(key:)``, likewise.
    public init(
        _ graph: Graph, pool: BufferPool = BufferPool(), rounded: RoundedWeights? = nil,
        mixed: MixedPrecisionWeights? = nil
    ) {
        self.graph = graph
        self.rounded = rounded
        self.mixed = mixed
        self.pool = pool
        var needs = [Bool](repeating: false, count: graph.nodes.count)
        var consumers = [Int](repeating: 0, count: graph.nodes.count)
        for (index, node) in graph.nodes.enumerated() {
            needs[index] =
                node.inputs.contains { needs[$0] }
                || Graph.parameters(of: node.primitive).contains {
                    graph.parameters[$0.index].isTrainable
                }
            for input in node.inputs { consumers[input] += 1 }
        }
        consumers[graph.output.node] += 1
        needsGradient = needs
        consumerCounts = consumers
        folding = Folding(graph)
        values = Array(repeating: nil, count: graph.nodes.count)
        saved = Array(repeating: [], count: graph.nodes.count)
        roundedValues = Array(repeating: nil, count: graph.nodes.count)
        storageNode = Array(graph.nodes.indices)
        remainingUses = consumers
        isOwned = Array(repeating: false, count: graph.nodes.count)
    }

    /// Computes the output, `[rows, width]` of ``Graph/output``.
    ///
    /// The result is valid until the next call of this executor. In the modes that keep activations
    /// a call to ``backward(_:into:)`` may follow.
    public func forward(
        _ batch: Batch, parameters: ParameterSet, mode: Mode = .inference
    ) -> UnsafePointer<Float> {
        precondition(batch.segments == graph.segments, "wrong number of segments")
        reset()
        self.batch = batch
        self.parameters = parameters
        self.mode = mode
        remainingUses = consumerCounts
        for index in graph.nodes.indices {
            storageNode[index] = index
            if isFolded(index) { continue }
            run(index)
            if !mode.keepsActivations { releaseInputs(of: index) }
        }
        return UnsafePointer(value(graph.output.node))
    }

    /// Returns all buffers of the last batch to the pool.
    public func reset() {
        for index in values.indices {
            if isOwned[index], storageNode[index] == index, let pointer = values[index] {
                pool.give(pointer)
            }
            values[index] = nil
            isOwned[index] = false
            for pointer in saved[index] { pool.give(pointer) }
            saved[index].removeAll(keepingCapacity: true)
            if let pointer = roundedValues[index] { pool.give(pointer) }
            roundedValues[index] = nil
        }
    }

    /// The rounded weights of a linear node, where this pass is to use them.
    func roundedWeights(_ node: Int) -> BFloat16Linear? {
        mode == .inference ? rounded?[node] : nil
    }

    // MARK: Buffers

    func value(_ node: Int) -> UnsafeMutablePointer<Float> {
        guard let pointer = values[node] else { preconditionFailure("node \(node) has no value") }
        return pointer
    }

    func rows(_ node: Int) -> Int { batch.rowCount(graph.nodes[node].space) }

    /// Elements of a node's value.
    func count(_ node: Int) -> Int { rows(node) * graph.nodes[node].width }

    /// A new buffer for a node's value.
    func allocate(_ node: Int) -> UnsafeMutablePointer<Float> {
        let pointer = pool.take(room(node))
        values[node] = pointer
        isOwned[node] = true
        return pointer
    }

    /// Lets a node share the buffer of an input that has the same content.
    func share(_ node: Int, with input: Int) {
        let root = storageNode[input]
        storageNode[node] = root
        values[node] = values[input]
        remainingUses[root] += consumerCounts[node]
    }

    /// The input's buffer if its content is no longer needed, otherwise a new one.
    func allocateReusing(_ input: Int, for node: Int) -> UnsafeMutablePointer<Float> {
        let root = storageNode[input]
        if !mode.keepsActivations, remainingUses[root] == 1, isOwned[root],
            graph.nodes[root].width == graph.nodes[node].width,
            graph.nodes[root].space == graph.nodes[node].space
        {
            share(node, with: input)
            return value(node)
        }
        return allocate(node)
    }

    /// Memory kept until the backward pass.
    func save(_ node: Int, count: Int) -> UnsafeMutablePointer<Float> {
        let pointer = pool.take(count)
        saved[node].append(pointer)
        return pointer
    }

    /// A node given from outside.
    func borrow(_ node: Int, _ pointer: UnsafePointer<Float>) {
        values[node] = UnsafeMutablePointer(mutating: pointer)
    }

    private func releaseInputs(of node: Int) {
        for pointer in saved[node] { pool.give(pointer) }
        saved[node].removeAll(keepingCapacity: true)
        for input in graph.nodes[node].inputs {
            let root = storageNode[input]
            remainingUses[root] -= 1
            if remainingUses[root] == 0, isOwned[root], let pointer = values[root] {
                pool.give(pointer)
                isOwned[root] = false
                values[root] = nil
            }
        }
    }
}
