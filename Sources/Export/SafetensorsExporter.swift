import Encoders
import Foundation
import Tensors

/// One safetensors file with the head's tensors; what they mean is in its metadata.
struct SafetensorsExporter: Exporter {
    let name = "safetensors"
    let summary = "the head's tensors"

    func export(
        _ model: Model, encoder: () throws -> Encoder, options: ExportOptions, to url: URL
    ) throws {
        try SafetensorsWriter.write(
            ModelDirectory.entries(model),
            metadata: model.configuration.metadata.merging(["format": "pt"]) { $1 }, to: url)
    }
}

extension ModelConfiguration {
    /// What an exported file says about itself: names and values as texts, labels one per line.
    var metadata: [String: String] {
        var result = [
            "task": task, "genotype": genotype, "encoder": encoder.name,
            "encoder_digest": encoder.digest,
            "layers": layers.map(String.init).joined(separator: ","),
            "pairing": pairing.rawValue,
            "maximum_length": "\(maximumLength)",
            "labels": labels.map(\.name).joined(separator: "\n"),
        ]
        if let members { result["members"] = "\(members)" }
        return result
    }
}
