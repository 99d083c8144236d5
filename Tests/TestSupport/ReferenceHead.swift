import Foundation
import Graphs
import Tensors

/// A head, a batch and what an independent implementation computed for them.
public struct ReferenceHead {
    public let file: SafetensorsFile
    public let graph: Graph
    public let parameters: ParameterSet
    public let batch: Batch
    public let labels: [Int32]
    private let features: FloatStorage

    public static func url(_ name: String) -> URL {
        Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name).safetensors")
    }

    public init(_ name: String) throws {
        file = try SafetensorsFile(Self.url(name))
        features = FloatStorage(try file.floats("features"))
        labels = try file.int32s("labels")
        var batch = Batch(lengths: try file.int32s("lengths").map(Int.init), segments: 1)
        batch.inputs = [UnsafePointer(features.pointer)]
        self.batch = batch
        graph =
            name == "gram_linear"
            ? Self.linear() : Self.transformer(input: 384, width: 64, heads: 4)
        parameters = ParameterSet(graph)
        for parameter in graph.parameters {
            parameters.set(parameter.name, try file.floats("param.\(parameter.name)"))
        }
    }

    /// Mean pooling and a linear layer.
    private static func linear() -> Graph {
        var builder = GraphBuilder(segments: 1)
        let x = builder.input(slot: 0, width: 384)
        let logits = builder.linear(builder.pool(x, .mean), to: 3, name: "classifier")
        let examples = builder.segment(logits, 0)
        return builder.build(output: examples)
    }

    /// A projection, one post-norm transformer layer, mean pooling and a linear layer for three
    /// classes.
    public static func transformer(input: Int, width: Int, heads: Int) -> Graph {
        var builder = GraphBuilder(segments: 1)
        let x = builder.linear(
            builder.input(slot: 0, width: input), to: width, name: "projection")
        let attended = builder.scope("layer") { builder in
            let weight = builder.parameter("self_attn.in_proj_weight", [3 * width, width], .zeros)
            let bias = builder.parameter("self_attn.in_proj_bias", [3 * width], .zeros)
            let packed = builder.linear(x, weight: weight, bias: bias)
            let mixed = builder.linear(
                builder.attention(packed, heads: heads), to: width, name: "self_attn.out_proj")
            let middle = builder.layerNorm(builder.binary(.add, x, mixed), name: "norm1")
            let hidden = builder.activation(
                builder.linear(middle, to: 2 * width, name: "linear1"), .gelu)
            let output = builder.linear(hidden, to: width, name: "linear2")
            return builder.layerNorm(builder.binary(.add, middle, output), name: "norm2")
        }
        let logits = builder.linear(builder.pool(attended, .mean), to: 3, name: "classifier")
        let examples = builder.segment(logits, 0)
        return builder.build(output: examples)
    }
}

/// The largest difference, relative to the largest reference value.
public func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    return error.isNaN ? .infinity : error / max(scale, 1e-30)
}
