import Encoders
import Foundation
import Support
import Tensors

/// One safetensors file with the heads' tensors; what they mean is in its metadata.
struct SafetensorsExporter: Exporter {
    let name = "safetensors"
    let summary = "the heads' tensors"

    func export(
        _ model: Model, encoders: () throws -> [Encoder], options: ExportOptions, to url: URL
    ) throws {
        try SafetensorsWriter.write(
            ModelDirectory.entries(model),
            metadata: model.configuration.metadata.merging(["format": "pt"]) { $1 }, to: url)
    }
}

extension ModelConfiguration {
    /// What an exported file says about itself: names and values as texts. Whatever is a list is
    /// JSON, as a label may hold any character.
    ///
    /// `format_version` tells them from files of the formats before 5, which had `labels` one per
    /// line, `layers` with commas between them, and a key for everything else in a view or member.
    var metadata: [String: String] {
        var entries = [
            "format_version": "\(formatVersion)", "task": task,
            "temperature": "\(temperature)", "labels": json(labels.map(\.name)),
            "views": json(views), "members": json(members),
        ]
        entries["target"] = target?.rawValue
        entries["thresholds"] = thresholds.map(json)
        entries["scale"] = scale.map(json)
        entries["conformal"] = conformal.map(json)
        if let conformal, target == nil {
            let thresholds = conformal.usualThresholds.map { share, score in
                // Six digits, rounded down: no set becomes smaller by it.
                ("\(share)", max(0, ((1 - score) * 1e6 + 1e-6).rounded(.down) / 1e6))
            }
            entries["set_thresholds"] = json(Dictionary(uniqueKeysWithValues: thresholds))
        }
        return entries
    }

    private func json(_ value: some Encodable) -> String {
        // Texts and finite numbers can always be encoded.
        (try? JSONEncoder.compact.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
