import Tensors

/// Per-example gradients of the first entries of some parameters: `[examples, parameters, entries]`.
public struct LeadingGradients: GradientSink {
    private let ids: [ParameterID]
    private let entries: Int
    private let exampleCount: Int
    /// Row-major; a parameter with fewer entries is padded with zeros.
    public let storage: FloatStorage

    /// - Parameters:
    ///   - ids: the parameters, in the order of the result.
    ///   - entries: how many of each parameter's first entries are wanted.
    public init(_ ids: [ParameterID], entries: Int, examples: Int) {
        self.ids = ids
        self.entries = entries
        exampleCount = examples
        storage = FloatStorage(count: examples * ids.count * entries)
    }

    public func accept(_ gradient: NodeGradient) {
        for id in gradient.parameters {
            guard let place = ids.firstIndex(of: id) else { continue }
            let count = min(entries, gradient.count(id))
            let size = scratchSize(gradient, id)
            gradient.pool.with(size) { scratch in
                for example in 0..<exampleCount {
                    scratch.update(repeating: 0, count: size)
                    add(gradient, id, example, to: scratch)
                    let target = storage.pointer + (example * ids.count + place) * entries
                    for entry in 0..<count { target[entry] += scratch[entry] }
                }
            }
        }
    }

    /// For a linear layer's weight, only the first output rows are formed.
    private func scratchSize(_ gradient: NodeGradient, _ id: ParameterID) -> Int {
        if case .linear(let weight, _) = gradient.primitive, weight == id {
            let rows = min(
                gradient.width, (entries + gradient.inputWidth - 1) / gradient.inputWidth)
            return rows * gradient.inputWidth
        }
        return gradient.count(id)
    }

    private func add(
        _ gradient: NodeGradient, _ id: ParameterID, _ example: Int,
        to scratch: UnsafeMutablePointer<Float>
    ) {
        if case .linear(let weight, _) = gradient.primitive, weight == id {
            let outputs = scratchSize(gradient, id) / gradient.inputWidth
            gradient.addWeight(
                rows: gradient.rows(of: example..<example + 1), outputs: 0..<outputs, to: scratch,
                beta: 1)
        } else {
            gradient.add(examples: example..<example + 1) { $0 == id ? scratch : nil }
        }
    }
}
