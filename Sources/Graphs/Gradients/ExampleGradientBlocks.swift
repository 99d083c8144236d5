import Tensors

/// Hands out per-example gradients block by block, so that statistics over examples of every single
/// weight can be taken without the `[examples, parameters]` Jacobian.
///
/// A block is `[examples, width]`: all examples' gradients of some neighbouring entries of one
/// parameter. Parameters that several nodes share are handed out whole, in ``finish()``.
public final class ExampleGradientBlocks: GradientSink {
    private let exampleCount: Int
    private let shared: Set<ParameterID>
    private let body: (ParameterID, UnsafePointer<Float>, Int) -> Void
    private var pending: [ParameterID: FloatStorage] = [:]

    /// Floats of a block of a linear layer's weight.
    private static let blockFloats = 1 << 18

    /// - Parameters:
    ///   - graph: the graph whose gradients will come.
    ///   - examples: number of examples n.
    ///   - body: takes a parameter, `[examples, width]` valid during the call, and the width.
    public init(
        _ graph: Graph, examples: Int,
        body: @escaping (ParameterID, UnsafePointer<Float>, Int) -> Void
    ) {
        exampleCount = examples
        self.body = body
        var seen: Set<ParameterID> = []
        var shared: Set<ParameterID> = []
        for node in graph.nodes {
            for id in Graph.parameters(of: node.primitive) where !seen.insert(id).inserted {
                shared.insert(id)
            }
        }
        self.shared = shared
    }

    public func accept(_ gradient: NodeGradient) {
        for id in gradient.parameters {
            if shared.contains(id) {
                let width = gradient.count(id)
                let storage = pending[id] ?? FloatStorage(count: exampleCount * width)
                pending[id] = storage
                fill(gradient, id, storage.pointer, width)
            } else if case .linear(let weight, _) = gradient.primitive, weight == id {
                addBlocks(gradient, id)
            } else {
                let width = gradient.count(id)
                gradient.pool.with(exampleCount * width) { rows in
                    rows.update(repeating: 0, count: exampleCount * width)
                    fill(gradient, id, rows, width)
                    body(id, rows, width)
                }
            }
        }
    }

    /// Hands out what is still open of shared parameters; call after the backward pass.
    public func finish() {
        for (id, gradients) in pending.sorted(by: { $0.key.index < $1.key.index }) {
            body(id, gradients.pointer, gradients.count / exampleCount)
        }
        pending.removeAll()
    }

    private func fill(
        _ gradient: NodeGradient, _ id: ParameterID, _ rows: UnsafeMutablePointer<Float>,
        _ width: Int
    ) {
        for example in 0..<exampleCount {
            gradient.add(examples: example..<example + 1) {
                $0 == id ? rows + example * width : nil
            }
        }
    }

    private func addBlocks(_ gradient: NodeGradient, _ id: ParameterID) {
        let inputs = gradient.inputWidth
        let block = max(1, min(gradient.width, Self.blockFloats / (exampleCount * inputs)))
        gradient.pool.with(exampleCount * block * inputs) { rows in
            var start = 0
            while start < gradient.width {
                let range = start..<min(gradient.width, start + block)
                let width = range.count * inputs
                for example in 0..<exampleCount {
                    gradient.addWeight(
                        rows: gradient.rows(of: example..<example + 1), outputs: range,
                        to: rows + example * width, beta: 0)
                }
                body(id, rows, width)
                start = range.upperBound
            }
        }
    }
}
