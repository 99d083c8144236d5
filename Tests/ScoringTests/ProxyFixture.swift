import Foundation
import Graphs
import Scoring
import Support
import Tensors
import TestSupport

/// A small head, a ragged batch, and what `Fixtures/make_proxies.py` computed for every proxy.
struct ProxyFixture {
    enum Kind: String, CaseIterable {
        case transformer, convolution
    }

    let graph: Graph
    let parameters: ParameterSet
    let batch: Batch
    let labels: [Int32]
    let classes: Int
    /// By the name of the proxy.
    let scores: [String: Double]
    private let features: FloatStorage

    init(_ kind: Kind) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures")
        let name = "proxies_\(kind.rawValue)"
        let file = try SafetensorsFile(folder.appendingPathComponent("\(name).safetensors"))
        scores = try JSONDecoder().decode(
            [String: Double].self,
            from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
        features = FloatStorage(try file.floats("features"))
        labels = try file.int32s("labels")
        var batch = Batch(lengths: try file.int32s("lengths").map(Int.init), segments: 1)
        batch.inputs = [UnsafePointer(features.pointer)]
        self.batch = batch
        switch kind {
        case .transformer:
            (graph, classes) = (ReferenceHead.transformer(input: 24, width: 16, heads: 2), 3)
        case .convolution: (graph, classes) = (Self.convolution(), 2)
        }
        parameters = ParameterSet(graph)
        for parameter in graph.parameters {
            parameters.set(parameter.name, try file.floats("param.\(parameter.name)"))
        }
    }

    /// The head on its batch; keep the fixture alive while it is used.
    func evaluation() -> HeadEvaluation {
        HeadEvaluation(
            graph: graph, executor: Executor(graph), parameters: parameters, batch: batch,
            targets: .classes(labels), classes: classes, outputDirections: 8,
            key: RandomKey(seed: 1))
    }

    /// A depthwise convolution, ReLU, maximum pooling and a small network behind it.
    private static func convolution() -> Graph {
        var builder = GraphBuilder(segments: 1)
        let x = builder.depthwiseConvolution(
            builder.input(slot: 0, width: 12), kernel: 3, name: "convolution")
        let tokens = builder.activation(builder.linear(x, to: 14, name: "expand"), .relu)
        let hidden = builder.linear(builder.pool(tokens, .max), to: 10, name: "hidden")
        let logits = builder.linear(
            builder.activation(hidden, .tanh), to: 2, name: "classifier")
        let examples = builder.segment(logits, 0)
        return builder.build(output: examples)
    }
}
