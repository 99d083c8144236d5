import Encoders
import Foundation
import Graphs
import Tensors
import Tokenization

/// A small encoder with random weights and what PyTorch makes of it; `make_families.py` wrote it.
struct FamilyFixture {
    /// The cases of every family but BERT's and RoBERTa's, which have tests on real weights.
    static let names = [
        "albert", "albert-groups", "electra", "electra-wide", "mpnet", "deberta-v3", "deberta-v2",
        "deberta-c2p", "deberta-p2c", "deberta-absolute",
    ]
    /// Those with gradients.
    static let trained = [
        "albert", "albert-groups", "electra", "mpnet", "deberta-v3", "deberta-v2",
    ]

    let directory: URL
    let expected: SafetensorsFile
    let texts: [TokenizedText]

    init(_ name: String) throws {
        directory = InstalledEncoder.fixture("families/\(name)")
        let file = try SafetensorsFile(directory.appendingPathComponent("expected.safetensors"))
        expected = file
        texts = try (0..<5).map { row in
            TokenizedText(
                ids: try file.int32s("\(row).ids"), segmentIDs: try file.int32s("\(row).segments"))
        }
    }

    func open() throws -> Encoder { try Encoder(directory: directory) }

    /// `[layers + 1, tokens, width]` of a sequence.
    func states(_ row: Int) throws -> [Float] { try expected.floats("\(row).states") }

    /// One hidden state of all sequences, one behind another: `[tokens, width]`.
    func states(layer: Int, width: Int) throws -> [Float] {
        try texts.indices.flatMap { row in
            let count = texts[row].ids.count * width
            return Array(try states(row)[layer * count..<(layer + 1) * count])
        }
    }

    /// The gradient of the last hidden state of all sequences: `[tokens, width]`.
    func direction(width: Int) throws -> [Float] {
        let rows = try expected.floats("direction")
        return texts.flatMap { Array(rows[0..<$0.ids.count * width]) }
    }

    /// A copy of the encoder's directory, to be damaged.
    func withCopy(_ body: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let copy = manager.temporaryDirectory.appendingPathComponent(
            "family-\(UUID().uuidString)")
        try manager.createDirectory(at: copy, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: copy) }
        for name in try manager.contentsOfDirectory(atPath: directory.path)
        where name != "expected.safetensors" {
            try manager.copyItem(
                at: directory.appendingPathComponent(name), to: copy.appendingPathComponent(name))
        }
        try body(copy)
    }

    /// A weight of a checkpoint.
    struct Tensor {
        var name: String
        var shape: [Int]
        var values: [Float]
    }

    /// Writes the weights of a copy again, each as `change` says.
    static func rewrite(_ directory: URL, _ change: (Tensor) -> [Tensor]) throws {
        let url = directory.appendingPathComponent("model.safetensors")
        var entries: [SafetensorsEntry] = []
        do {
            let file = try SafetensorsFile(url)
            for name in file.names {
                let tensor = Tensor(
                    name: name, shape: try file.info(name).shape, values: try file.floats(name))
                entries += change(tensor).map {
                    SafetensorsEntry(name: $0.name, shape: $0.shape, floats: $0.values)
                }
            }
        }
        try FileManager.default.removeItem(at: url)
        try SafetensorsWriter.write(entries, to: url)
    }
}
