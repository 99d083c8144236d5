import Foundation
import Support
import Tensors
import Tokenization

/// A Hugging Face style directory with a tiny BERT of random weights and a vocabulary trained on the
/// spot: all that the pipeline needs, in a second and without a download.
public enum TinyEncoder {
    public static let width = 16
    public static let layers = 2

    public enum Layout: String, CaseIterable, Sendable {
        case bert, prefixedRoBERTa, sharded, float16, bfloat16
    }

    /// Texts that the vocabulary is trained on.
    static let texts = [
        "the quick brown fox jumps over the lazy dog", "pack my box with five dozen liquor jugs",
        "how vexingly quick daft zebras jump", "bright vixens jump and dozy fowl quack",
        "a good day to you", "what a bad idea that was", "it is good", "it is bad",
    ]

    /// Writes the directory.
    /// - Parameter silent: layers whose output is zero for every text, so that nothing can be read from
    ///   them and those above.
    public static func write(
        to url: URL, layout: Layout = .bert, layers: Int = layers, silent: Range<Int> = 0..<0
    ) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let model = try VocabularyTrainer.train(texts, size: 60)
        try model.write(to: url.appendingPathComponent("sentencepiece.bpe.model"))
        let vocabulary = 80
        let isRoBERTa = layout == .prefixedRoBERTa
        let configuration: [String: Any] = [
            "model_type": isRoBERTa ? "xlm-roberta" : "bert", "hidden_size": width,
            "num_hidden_layers": layers, "num_attention_heads": 2, "intermediate_size": 32,
            "vocab_size": vocabulary, "max_position_embeddings": 40,
            "type_vocab_size": isRoBERTa ? 1 : 2, "layer_norm_eps": 1e-5,
            "pad_token_id": isRoBERTa ? 1 : 0,
        ]
        try JSONSerialization.data(withJSONObject: configuration)
            .write(to: url.appendingPathComponent("config.json"))
        try Data(#"{"tokenizer_class": "XLMRobertaTokenizer"}"#.utf8)
            .write(to: url.appendingPathComponent("tokenizer_config.json"))
        try writeWeights(to: url, layout, vocabulary: vocabulary, layers: layers, silent)
    }

    private static func writeWeights(
        to url: URL, _ layout: Layout, vocabulary: Int, layers: Int, _ silent: Range<Int>
    ) throws {
        let zeros = silent.flatMap { layer in
            ["weight", "bias"].map { "encoder.layer.\(layer).output.LayerNorm.\($0)" }
        }
        var shapes: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [vocabulary, width]),
            ("embeddings.position_embeddings.weight", [40, width]),
            (
                "embeddings.token_type_embeddings.weight",
                [layout == .prefixedRoBERTa ? 1 : 2, width]
            ),
            ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
        ]
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)"
            let linears = [
                ("attention.self.query", width, width), ("attention.self.key", width, width),
                ("attention.self.value", width, width),
                ("attention.output.dense", width, width), ("intermediate.dense", 32, width),
                ("output.dense", width, 32),
            ]
            for (part, rows, columns) in linears {
                shapes.append(("\(name).\(part).weight", [rows, columns]))
                shapes.append(("\(name).\(part).bias", [rows]))
            }
            for part in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes.append(("\(name).\(part).weight", [width]))
                shapes.append(("\(name).\(part).bias", [width]))
            }
        }
        let prefix = layout == .prefixedRoBERTa ? "roberta." : ""
        let entries = shapes.map { name, shape in
            var generator = RandomKey(seed: 5).child(name).generator()
            if zeros.contains(name) {
                return entry(
                    prefix + name, shape, Array(repeating: 0, count: shape.reduce(1, *)), layout)
            }
            let gain: Float = name.hasSuffix("LayerNorm.weight") ? 1 : 0
            // Multiples of 1/64 are the same number in every format.
            let values = (0..<shape.reduce(1, *)).map { _ in
                gain + (generator.uniform(bound: 0.5) * 64).rounded() / 64
            }
            return entry(prefix + name, shape, values, layout)
        }
        if layout == .sharded {
            let half = entries.count / 2
            var map: [String: String] = [:]
            for (index, part) in [entries[..<half], entries[half...]].enumerated() {
                let file = "model-0000\(index + 1)-of-00002.safetensors"
                for entry in part { map[entry.name] = file }
                try SafetensorsWriter.write(
                    Array(part), to: url.appendingPathComponent(file))
            }
            try JSONSerialization.data(withJSONObject: ["weight_map": map])
                .write(to: url.appendingPathComponent("model.safetensors.index.json"))
        } else {
            try SafetensorsWriter.write(
                entries, to: url.appendingPathComponent("model.safetensors"))
        }
    }

    private static func entry(
        _ name: String, _ shape: [Int], _ values: [Float], _ layout: Layout
    ) -> SafetensorsEntry {
        switch layout {
        case .float16:
            SafetensorsEntry(name: name, dtype: .float16, shape: shape) { sink in
                try values.map { Float16($0).bitPattern }.withUnsafeBytes(sink)
            }
        case .bfloat16:
            SafetensorsEntry(name: name, dtype: .bfloat16, shape: shape) { sink in
                try values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes(sink)
            }
        default: SafetensorsEntry(name: name, shape: shape, floats: values)
        }
    }

    /// A new directory for a test's files.
    public static func temporaryDirectory() throws -> URL {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }
}
