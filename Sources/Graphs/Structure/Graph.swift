/// A parameter tensor of a ``Graph``: its index in ``Graph/parameters``.
public struct ParameterID: Hashable, Sendable {
    public let index: Int
}

/// A parameter tensor: a name, a shape, how it starts, and whether it is trained.
public struct Parameter: Hashable, Sendable {
    /// Unique in its graph, e.g. `"block1.attention.in_proj.weight"`.
    public let name: String
    /// Row-major, e.g. `[out, in]` for a linear layer.
    public let shape: [Int]
    public let initialization: Initialization
    /// Frozen parameters get no gradient and do not enter gradient kernels.
    public let isTrainable: Bool

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
}

/// How a parameter starts.
public enum Initialization: Hashable, Sendable {
    case zeros
    case ones
    /// One number everywhere.
    case constant(Float)
    /// These numbers, row-major.
    case values([Float])
    /// Uniform in `[-bound, bound)`.
    case uniform(bound: Float)
    /// Set by whoever made the graph, e.g. from a checkpoint; zeros until then.
    case given
    /// The scale that gives a feature unit variance over a calibration batch; one until then.
    case calibratedScale
    /// The shift that, after the scale, gives a feature zero mean; zero until then.
    case calibratedShift
}

/// What a node produces.
public struct Value: Hashable, Sendable {
    /// The node's index in ``Graph/nodes``.
    public let node: Int
    /// Features per row.
    public let width: Int
    public let space: RowSpace
}

/// One application of a primitive.
public struct Node: Hashable, Sendable {
    public let primitive: Primitive
    /// Indices of earlier nodes.
    public let inputs: [Int]
    public let width: Int
    public let space: RowSpace
}

/// A differentiable program over ragged batches: heads and encoders lower into it.
///
/// Nodes are in an order in which they can be computed. A graph is a value without state; an
/// ``Executor`` runs it, a ``ParameterSet`` holds its numbers.
public struct Graph: Hashable, Sendable {
    public let nodes: [Node]
    public let parameters: [Parameter]
    /// The node whose rows are the result, e.g. the logits, `[examples, classes]`.
    public let output: Value
    /// Sequences per example: 2 if the segments of a pair are kept separate, else 1.
    public let segments: Int

    /// The input slots that the output depends on, ascending.
    public var inputSlots: [Int] {
        Set(
            nodes.compactMap { node -> Int? in
                if case .input(let slot) = node.primitive { slot } else { nil }
            }
        ).sorted()
    }

    /// Whether some parameters are set from data before training
    /// (``Executor/calibrate(_:parameters:)``).
    public var needsCalibration: Bool {
        parameters.contains { $0.initialization == .calibratedScale }
    }

    /// Number of trained weights.
    public var trainableCount: Int {
        parameters.reduce(0) { $0 + ($1.isTrainable ? $1.count : 0) }
    }

    /// Parameters that a node uses.
    public static func parameters(of primitive: Primitive) -> [ParameterID] {
        switch primitive {
        case .embedding(let table, _): [table]
        case .linear(let weight, let bias): bias.map { [weight, $0] } ?? [weight]
        case .layerNorm(let gain, let bias, _): [gain, bias]
        case .depthwiseConvolution(let weight, let bias, _): [weight, bias]
        case .affine(let scale, let shift): [scale, shift]
        case .mix(let weights): [weights]
        case .input, .activation, .attention, .relativeAttention, .unfold, .pool, .attentionPool,
            .segment, .binary, .concatenate, .dropout:
            []
        }
    }
}
