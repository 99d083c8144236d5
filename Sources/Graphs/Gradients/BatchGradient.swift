import Tensors

/// The gradient of a batch's summed loss with respect to all trained parameters, in the layout of
/// ``ParameterLayout``: what an optimizer wants.
public struct BatchGradient: GradientSink {
    let layout: ParameterLayout
    /// `layout.trainableCount` floats; gradients are added.
    public let storage: FloatStorage

    public init(_ layout: ParameterLayout) {
        self.layout = layout
        storage = FloatStorage(count: layout.trainableCount)
    }

    /// Starts over.
    public func clear() { storage.fill(0) }

    public func accept(_ gradient: NodeGradient) {
        gradient.add(examples: 0..<gradient.batch.exampleCount) { id in
            // A node may have trained and frozen parameters; the frozen ones lie beyond the gradient's end.
            layout.parameters[id.index].isTrainable
                ? layout.offsets[id.index].map { storage.pointer + $0 } : nil
        }
    }
}
