import Encoders
import Foundation
import Graphs
import Support
import SwiftProtobuf
import Tokenization

/// One ONNX file that maps padded token ids to logits, or features to logits.
///
/// Inputs are `input_ids` and `attention_mask`, int64, `[batch, tokens]`; without the encoder
/// `features`, float32, `[batch, tokens, width]`, takes the place of the ids. Models that encode
/// the texts of a pair separately have the same inputs again, prefixed with `pair_` and with their
/// own length. The output is `logits`, float32, `[batch, classes]`.
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
        _ model: Model, encoder: () throws -> Encoder, options: ExportOptions, to url: URL
    ) throws {
        let data: Data
        let heads = model.members.map { (model.graph, $0) }
        if options.headOnly {
            try checkSize(heads, url)
            data = try ONNXModel(model, encoder: nil).proto.serializedData()
        } else {
            let encoder = try encoder()
            let reference = model.configuration.encoder
            guard encoder.digest == reference.digest else {
                throw ModelError.otherEncoder(
                    path: encoder.directory.path, name: reference.name,
                    expected: reference.digest, found: encoder.digest)
            }
            let part = try ONNXModel.EncoderPart(encoder, layers: model.configuration.layers)
            try checkSize([(part.graph, part.parameters)] + heads, url)
            data = try ONNXModel(model, encoder: part).proto.serializedData()
        }
        try AtomicFile.write(data, to: url)
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
