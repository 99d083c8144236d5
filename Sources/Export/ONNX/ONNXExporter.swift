import Encoders
import Foundation
import Graphs
import Support
import SwiftProtobuf
import Tokenization

/// One ONNX file that maps padded token ids to logits and probabilities, or features to them.
///
/// Inputs are `input_ids` and `attention_mask`, int64, `[batch, tokens]`, and `token_type_ids` where the
/// encoder's tokenizer tells the texts of a pair apart by them; without the encoder
/// `features`, float32, `[batch, tokens, layers * width]`, takes the place of the ids. Views that
/// encode the texts of a pair separately have the same inputs again, prefixed with `pair_` and with
/// their own length. A second view has inputs of its own, prefixed with `view2_`, and so on; where it reads
/// the same tokens of the same encoder as an earlier one, as fine-tuned layers beside the frozen encoder do,
/// it has those of that view. The outputs are `logits` and `probabilities`, float32, `[batch, classes]`.
package struct ONNXExporter: Exporter {
    /// The size limit of a protocol buffer message; nodes and names take some of it.
    package static let standardLimit = Int(Int32.max) - (16 << 20)

    package let name = "onnx"
    package let summary = "encoder and head in one graph"
    private let limit: Int

    /// - Parameter limit: largest size of the weights in bytes.
    package init(limit: Int = Self.standardLimit) {
        self.limit = limit
    }

    package func export(
        _ model: Model, encoders: () throws -> [Encoder], options: ExportOptions, to url: URL
    ) throws {
        let configuration = model.configuration
        let heads = model.members.flatMap { member in member.replicas.map { (member.graph, $0) } }
        var parts: [ONNXModel.EncoderPart] = []
        if !options.headOnly {
            let encoders = try encoders()
            parts = try configuration.passes.map { pass in
                let (view, encoder) = (
                    configuration.views[pass.views[0]], encoders[pass.views[0]]
                )
                try view.check(encoder, path: encoder.directory.path)
                return try ONNXModel.EncoderPart(encoder, layers: pass.layers)
            }
        }
        try checkSize(stored(parts, configuration) + heads, url)
        try AtomicFile.write(
            try ONNXModel(model, encoders: parts).proto.serializedData(), to: url)
    }

    /// The graphs whose weights the file holds: those of an encoder once, the deepest.
    private func stored(
        _ parts: [ONNXModel.EncoderPart], _ configuration: ModelConfiguration
    ) -> [(graph: Graph, parameters: ParameterSet)] {
        let places = configuration.passes.map { configuration.encoderPlaces[$0.views[0]] }
        return Set(parts.indices.map { places[$0] }).sorted().compactMap { place in
            parts.indices.filter { places[$0] == place }.map { parts[$0] }
                .max { $0.graph.parameters.count < $1.graph.parameters.count }
                .map { ($0.graph, $0.parameters) }
        }
    }

    /// Refuses what cannot be written, before it is assembled.
    private func checkSize(_ parts: [(graph: Graph, parameters: ParameterSet)], _ url: URL) throws {
        var bytes = 0
        for (graph, parameters) in parts {
            for index in Set(graph.nodes.flatMap { Graph.parameters(of: $0.primitive) }) {
                bytes += parameters.withStoredElements(index) { stored, element in
                    element == .bfloat16 ? 2 * stored.count : stored.count
                }
            }
        }
        guard bytes <= limit else {
            throw ExportError.tooLarge(path: url.path, bytes: bytes, limit: limit)
        }
    }
}
