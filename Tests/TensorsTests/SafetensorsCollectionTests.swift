import Foundation
import Support
import Tensors
import Testing

@Suite("Safetensors collections")
struct SafetensorsCollectionTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for (number, name) in ["one", "two"].enumerated() {
            try SafetensorsWriter.write(
                [
                    SafetensorsEntry(name: "\(name).w", shape: [2], floats: [Float(number), 5]),
                    SafetensorsEntry(name: "\(name).b", shape: [1], floats: [9]),
                ], metadata: ["format": "pt", name: "x"],
                to: directory.url.appendingPathComponent("\(name).safetensors"))
        }
    }

    func open(index: String) throws -> SafetensorsCollection {
        try directory.write(Data(index.utf8), SafetensorsCollection.indexName)
        return try SafetensorsCollection(directory: directory.url)
    }

    @Test("shards are read as one file")
    func shards() throws {
        let weights = try open(
            index: """
                {"metadata": {"total_size": 24}, "weight_map": {
                  "two.w": "two.safetensors", "one.w": "one.safetensors",
                  "one.b": "one.safetensors"}}
                """)
        #expect(weights.names == ["two.w", "one.w", "one.b"])
        #expect(weights.files.count == 2)
        #expect(weights.metadata == ["format": "pt", "one": "x", "two": "x"])
        #expect(try weights.floats("two.w", expecting: [2]) == [1, 5])
        #expect(try weights.floats("one.w") == [0, 5])
        #expect(weights.contains("one.b") && !weights.contains("two.b"))
        #expect(throws: TensorError.self) { try weights.floats("two.b") }
        #expect(throws: TensorError.self) { try weights.floats("one.w", expecting: [1, 2]) }
    }

    @Test("a whole file is preferred to an index")
    func whole() throws {
        try SafetensorsWriter.write(
            [SafetensorsEntry(name: "a", shape: [1], floats: [3])],
            to: directory.url.appendingPathComponent(SafetensorsCollection.fileName))
        let weights = try open(index: "nonsense")
        #expect(weights.names == ["a"])
        #expect(try weights.floats("a") == [3])
    }

    @Test("a directory without weights is a missing file that is named")
    func nothing() throws {
        let error = #expect(throws: TensorError.self) {
            try SafetensorsCollection(directory: directory.url)
        }
        #expect(error?.kind == .missingFile)
        #expect(error?.description.contains("model.safetensors.index.json") == true)
    }

    @Test(
        "a shard outside of the directory is refused",
        arguments: [
            "../one.safetensors", "/etc/passwd", "a/one.safetensors", "..", ".", "", "a\\\\b",
            "one.safetensors\\u0000",
        ])
    func plainNames(shard: String) throws {
        let error = #expect(throws: TensorError.self) {
            try open(index: #"{"weight_map":{"one.w":"\#(shard)"}}"#)
        }
        #expect(error?.kind == .badInput)
        #expect(error?.description.contains("one.w") == true)
    }

    @Test("a missing shard and a missing tensor are named")
    func missing() throws {
        let shard = #expect(throws: TensorError.self) {
            try open(index: #"{"weight_map":{"one.w":"three.safetensors"}}"#)
        }
        #expect(shard?.kind == .missingFile)
        #expect(shard?.description.contains("three.safetensors") == true)
        let tensor = #expect(throws: TensorError.self) {
            try open(index: #"{"weight_map":{"one.w":"two.safetensors"}}"#)
        }
        #expect(
            tensor
                == .missingTensor(
                    path: directory.url.appendingPathComponent("two.safetensors").path,
                    tensor: "one.w"))
    }

    @Test(
        "an index that is not of the known form is refused",
        arguments: [
            "", "[]", "{}", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#,
            #"{"weight_map":{"one.w":"one.safetensors","one.w":"two.safetensors"}}"#,
            #"{"weight_map":{}} x"#,
        ])
    func malformed(index: String) throws {
        let error = #expect(throws: TensorError.self) { try open(index: index) }
        #expect(error?.kind == .badInput)
    }
}
