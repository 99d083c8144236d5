import Foundation
import Mutations
import Support
import Tensors

extension Reader {
    private static let tokens = [
        "{", "}", "[", "]", ":", ",", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F32\"",
        "\"F4\"",
        "\"I64\"", "\"BOOL\"", "__metadata__", "\"a\":", "\\u0000", "\\ud800", "\"weight_map\"",
        "null",
        "../", "/", "\"..\"", "\"", "[0,0]", "0", "-", "1e3",
    ]

    /// One safetensors file: every tensor is read in every way.
    static let safetensors = Reader(
        name: "safetensors", seeds: TensorSeeds.files, tokens: tokens,
        make: { _, _, generator in
            generator.index(below: 3) == 0 ? SafetensorsMaker.make(using: &generator) : nil
        },
        repair: { _, bytes in SafetensorsMaker.repair(&bytes) },
        read: { directory in
            let file = try SafetensorsFile(
                directory.appendingPathComponent(SafetensorsCollection.fileName))
            try use(file)
        })

    /// A directory of shards. Files with the same tensors are next to it, where no index may lead.
    static let shards = Reader(
        name: "shards", seeds: TensorSeeds.shards, tokens: tokens,
        isTarget: { $0.hasPrefix("model/") },
        repair: { name, bytes in
            if name.hasSuffix(".safetensors") { SafetensorsMaker.repair(&bytes) }
        },
        read: { directory in
            let collection = try SafetensorsCollection(
                directory: directory.appendingPathComponent("model"))
            for file in collection.files
            where file.url.standardizedFileURL.deletingLastPathComponent().lastPathComponent
                != "model"
            {
                throw Violation("the index leads to \(file.url.path)")
            }
            try use(collection)
        })

    private static func use(_ source: some SafetensorsSource) throws {
        for name in source.names {
            let info = try source.info(name)
            let bytes = try source.bytes(name)
            guard bytes.count == info.byteRange.count, info.count >= 0 else {
                throw Violation("'\(name)' has \(bytes.count) bytes")
            }
            _ = bytes.reduce(0) { $0 ^ $1 }
            // Types that are not numbers of that kind are refused, with a diagnosis.
            do { _ = try source.floats(name) } catch is any DiagnosedError {}
            do { _ = try source.int32s(name) } catch is any DiagnosedError {}
        }
        _ = source.metadata.count
    }
}
