import Tensors

/// The gradient of a batch's summed loss with respect to all trained parameters, as ``BatchGradient``, for one
/// step of training after another: starting over costs nothing, as what comes first replaces what a step
/// before has left, and only what comes next is added.
///
///     gradient.startOver()
///     executor.backward(first, into: gradient)
///     executor.backward(second, into: gradient)
///     gradient.finish()
public final class LaneGradient: GradientSink {
    private let layout: ParameterLayout
    /// `layout.trainableCount` floats; valid after ``finish()``.
    public let storage: FloatStorage
    /// Whether a parameter has nothing of this step yet.
    private var isStale: [Bool]

    public init(_ layout: ParameterLayout) {
        self.layout = layout
        storage = FloatStorage(count: layout.trainableCount)
        isStale = Array(repeating: false, count: layout.parameters.count)
    }

    /// Begins a step.
    /// - Complexity: O(parameters), not O(numbers in them).
    public func startOver() {
        for index in isStale.indices { isStale[index] = true }
    }

    /// Ends a step: parameters that no gradient has come for become zeros.
    public func finish() {
        for (id, _, range) in layout.trainable where isStale[id.index] {
            (storage.pointer + range.lowerBound).update(repeating: 0, count: range.count)
            isStale[id.index] = false
        }
    }

    public func accept(_ gradient: NodeGradient) {
        var weight: ParameterID?
        if case .linear(let id, _) = gradient.primitive { weight = id }
        let overwrites = weight.map { isStale[$0.index] } ?? false
        gradient.add(examples: 0..<gradient.batch.exampleCount, overwritesWeight: overwrites) {
            id in
            let parameter = layout.parameters[id.index]
            guard parameter.isTrainable, let offset = layout.offsets[id.index] else { return nil }
            let target = storage.pointer + offset
            if isStale[id.index] {
                isStale[id.index] = false
                // A product of matrices writes without reading; everything else adds.
                if id != weight { target.update(repeating: 0, count: parameter.count) }
            }
            return target
        }
    }
}
