import Encoders
import Foundation
import Support

/// Writes `tokenizer.json` beside an exported model, so that another program gives it the same token
/// ids as this one.
public enum TokenizerExport {
    /// What became of the tokenizer of one view.
    public enum Outcome: Sendable, Hashable {
        /// The file was written, or was there with these bytes.
        case written(URL)
        /// No `tokenizer.json` gives the ids of the encoder of this name.
        case unsupported(encoder: String)
    }

    /// Writes `tokenizer.json` for the first view, and `view2_tokenizer.json` for the second, as the
    /// inputs are named, where it is not the same as the first's. Views of one pass share its first view's.
    ///
    /// Another file of that name is not replaced: `MODEL.tokenizer.json` is written in its place.
    ///
    /// - Parameters:
    ///   - encoders: for each view of the model the encoder that makes it.
    ///   - url: the exported model.
    /// - Throws: `FileError`.
    public static func write(
        _ configuration: ModelConfiguration, encoders: [Encoder], beside url: URL
    ) throws -> [Outcome] {
        var first: Data?
        var outcomes: [Outcome] = []
        for place in configuration.passes.map({ $0.views[0] }) {
            let view = configuration.views[place]
            let length = min(view.maximumLength, encoders[place].maximumLength)
            guard let data = encoders[place].tokenizer.tokenizerJSON(maximumLength: length) else {
                outcomes.append(.unsupported(encoder: view.encoder.name))
                continue
            }
            if place == 0 { first = data } else if data == first { continue }
            let prefix = place == 0 ? "" : "view\(place + 1)_"
            outcomes.append(.written(try write(data, prefix, beside: url)))
        }
        return outcomes
    }

    private static func write(_ data: Data, _ prefix: String, beside url: URL) throws -> URL {
        let directory = url.deletingLastPathComponent()
        let usual = directory.appendingPathComponent("\(prefix)tokenizer.json")
        guard FileManager.default.fileExists(atPath: usual.path) else {
            try AtomicFile.write(data, to: usual)
            return usual
        }
        if (try? Data(contentsOf: usual)) == data { return usual }
        let stem = url.deletingPathExtension().lastPathComponent
        let own = directory.appendingPathComponent("\(stem).\(prefix)tokenizer.json")
        try AtomicFile.write(data, to: own)
        return own
    }
}
