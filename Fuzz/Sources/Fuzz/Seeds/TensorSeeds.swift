import Foundation
import Mutations
import Tensors

/// Valid safetensors files.
enum TensorSeeds {
    static func files() throws -> [FileSet] {
        let entries = [
            SafetensorsEntry(name: "a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
            SafetensorsEntry(name: "b", dtype: .float16, shape: [2, 2]) { try zeros(8, $0) },
            SafetensorsEntry(name: "c", dtype: .bfloat16, shape: [3]) { try zeros(6, $0) },
            SafetensorsEntry(name: "d", dtype: .float64, shape: []) { try zeros(8, $0) },
            SafetensorsEntry(name: "e", dtype: .int64, shape: [2]) { try zeros(16, $0) },
            SafetensorsEntry(name: "f", dtype: .bool, shape: [1, 1, 4]) { try zeros(4, $0) },
            SafetensorsEntry(name: "empty", shape: [0, 5], floats: []),
        ]
        return try [entries, [entries[0]], []].map { entries in
            try written { directory in
                try SafetensorsWriter.write(
                    entries, metadata: ["format": "pt", "note": "é"],
                    to: directory.appendingPathComponent(SafetensorsCollection.fileName))
            }
        }
    }

    static func shards() throws -> [FileSet] {
        let first = [SafetensorsEntry(name: "a", shape: [2], floats: [1, 2])]
        let second = [SafetensorsEntry(name: "b", shape: [1, 2], floats: [3, 4])]
        let both = first + second
        var files = try written { directory in
            for (name, entries) in [
                ("model/one.safetensors", first), ("model/two.safetensors", second),
                ("outside.safetensors", both), ("one.safetensors", both), ("..safetensors", both),
                ("model/inner/one.safetensors", both),
            ] {
                try SafetensorsWriter.write(
                    entries, to: directory.appendingPathComponent(name))
            }
        }
        let indices = [
            #"{"metadata":{"total_size":16},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#,
            #"{"weight_map":{"a":"one.safetensors","b":"../outside.safetensors"}}"#,
            #"{"weight_map":{"a":"inner/one.safetensors","b":"..\\outside.safetensors"}}"#,
        ]
        return indices.map { index in
            files.files["model/" + SafetensorsCollection.indexName] = Array(index.utf8)
            return files
        }
    }

    private static func zeros(_ count: Int, _ sink: SafetensorsEntry.Sink) throws {
        try [UInt8](repeating: 0, count: count).withUnsafeBytes(sink)
    }

    /// What `body` writes into a directory.
    static func written(_ body: (URL) throws -> Void) throws -> FileSet {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("fuzz-seed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory)
        return try FileSet(contentsOf: directory)
    }
}
