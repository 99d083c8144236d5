import Foundation
import Support
import Tensors
import Tokenization

extension Encoder {
    /// Writes a copy of this encoder's directory with new values for some of its tensors.
    ///
    /// What is not replaced keeps its type and its bits. The weights go into one file.
    /// - Parameter tensors: replacements by tensor name.
    /// - Throws: ``EncoderError/missingWeight(path:name:)`` for a name that the encoder does not have,
    ///   ``FileError``, ``TensorError``.
    public func write(replacing tensors: [SafetensorsEntry], to url: URL) throws {
        let source = checkpoint.tensors
        var replaced: [String: SafetensorsEntry] = [:]
        for entry in tensors {
            let name = try checkpoint.find(String(entry.name.dropFirst(weightPrefix.count)))
            replaced[name] = SafetensorsEntry(
                name: name, dtype: entry.dtype, shape: entry.shape, produce: entry.produce)
        }
        // Wide elements first, so every tensor is aligned.
        let entries = try source.names.map { name in
            if let entry = replaced[name] { return entry }
            let info = try source.info(name)
            return SafetensorsEntry(name: name, dtype: info.dtype, shape: info.shape) { sink in
                try sink(source.bytes(name))
            }
        }.sorted { $0.dtype.bitWidth > $1.dtype.bitWidth }
        try FileError.writing(url) {
            let manager = FileManager.default
            try manager.createDirectory(at: url, withIntermediateDirectories: true)
            try TokenizerLoader.copy(from: directory, to: url)
            let configuration = directory.appendingPathComponent("config.json")
            try manager.copyItem(
                at: configuration.resolvingSymlinksInPath(),
                to: url.appendingPathComponent("config.json"))
        }
        try SafetensorsWriter.write(
            entries, metadata: ["format": "pt"],
            to: url.appendingPathComponent(SafetensorsCollection.fileName))
    }
}
