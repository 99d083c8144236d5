import Graphs
import Tensors

/// Per-example gradients of all trained parameters, written out: `[examples, trainableCount]`.
///
/// The plain way, which costs the memory of the whole Jacobian; the faster sinks are tested against
/// it.
public struct ExampleGradients: GradientSink {
    let layout: ParameterLayout
    public let exampleCount: Int
    /// Row-major, `[examples, layout.trainableCount]`; gradients are added.
    public let storage: FloatStorage

    public init(_ layout: ParameterLayout, examples: Int) {
        self.layout = layout
        exampleCount = examples
        storage = FloatStorage(count: examples * layout.trainableCount)
    }

    /// Starts over.
    public func clear() { storage.fill(0) }

    /// The gradient of one example.
    public func row(_ example: Int) -> UnsafeMutablePointer<Float> {
        storage.pointer + example * layout.trainableCount
    }

    public func accept(_ gradient: NodeGradient) {
        for example in 0..<exampleCount {
            gradient.add(examples: example..<example + 1) { id in
                layout.offsets[id.index].map { row(example) + $0 }
            }
        }
    }
}
