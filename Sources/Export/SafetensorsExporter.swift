import Encoders
import Foundation
import Support
import Tensors

/// Writes a model in a format that other programs read.
///
/// To add one, write a type in a file of its own and list it in ``Exporters/all``.
public protocol Exporter: Sendable {
    /// As the command line knows it.
    var name: String { get }
    /// - Throws: ``FileError``, ``TensorError``, ``EncoderError``.
    func export(_ model: Model, encoder: Encoder, to url: URL) throws
}

/// The formats that this program writes; one line each.
public enum Exporters {
    public static let all: [any Exporter] = [SafetensorsExporter()]

    /// - Throws: ``ModelError/unknownFormat(name:known:)``.
    public static func find(_ name: String) throws -> any Exporter {
        guard let exporter = all.first(where: { $0.name == name }) else {
            throw ModelError.unknownFormat(name: name, known: all.map(\.name))
        }
        return exporter
    }
}

/// One safetensors file with the head's tensors; what they mean stands in its metadata.
struct SafetensorsExporter: Exporter {
    let name = "safetensors"

    func export(_ model: Model, encoder: Encoder, to url: URL) throws {
        let configuration = model.configuration
        let metadata = [
            "format": "pt", "task": configuration.task, "genotype": configuration.genotype,
            "encoder": configuration.encoder.name,
            "encoder_digest": configuration.encoder.digest,
            "layers": configuration.layers.map(String.init).joined(separator: ","),
            "pairing": configuration.pairing.rawValue,
            "maximum_length": "\(configuration.maximumLength)",
            "labels": configuration.labels.map(\.name).joined(separator: "\n"),
        ]
        try SafetensorsWriter.write(ModelDirectory.entries(model), metadata: metadata, to: url)
    }
}
