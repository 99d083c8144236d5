extension Executor {
    /// What a node computed in the last forward pass, `[rows, width]`; valid until the next one.
    ///
    /// - Parameter node: an index in ``Graph/nodes``.
    /// - Precondition: the last forward pass kept its activations.
    public func activations(of node: Int) -> UnsafePointer<Float> {
        precondition(mode.keepsActivations, "the forward pass kept no activations")
        return UnsafePointer(value(node))
    }
}

/// Wants no parameter gradients: for a backward pass that is after those of inputs or activations.
public struct NoParameterGradients: GradientSink {
    public init() {}

    public func accept(_ gradient: NodeGradient) {}
}
