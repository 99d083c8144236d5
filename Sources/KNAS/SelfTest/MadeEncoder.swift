import Foundation
import Support
import Tensors
import Tokenization

/// An encoder of random weights and a vocabulary of its own, in a directory like any other's: what a
/// search needs, in milliseconds and without a download.
enum MadeEncoder {
    private static let width = 32
    private static let layers = 2
    private static let positions = 64

    /// Writes the directory: `config.json`, weights, a SentencePiece vocabulary of the texts' words.
    /// - Throws: `FileError`, `TokenizationError`.
    static func write(to url: URL, texts: [String], key: RandomKey) throws {
        try FileError.createDirectory(url)
        let pieces = 200
        try AtomicFile.write(
            VocabularyTrainer.train(texts, size: pieces),
            to: url.appendingPathComponent("sentencepiece.bpe.model"))
        // Identifiers are those of XLM-RoBERTa, which has a few more than the vocabulary.
        let vocabulary = pieces + 8
        let configuration: [String: Any] = [
            "model_type": "bert", "hidden_size": width, "num_hidden_layers": layers,
            "num_attention_heads": 2, "intermediate_size": 2 * width, "vocab_size": vocabulary,
            "max_position_embeddings": positions, "type_vocab_size": 2, "layer_norm_eps": 1e-5,
            "pad_token_id": 0,
        ]
        try AtomicFile.write(
            JSONSerialization.data(withJSONObject: configuration),
            to: url.appendingPathComponent("config.json"))
        try AtomicFile.write(
            #"{"tokenizer_class": "XLMRobertaTokenizer"}"#,
            to: url.appendingPathComponent("tokenizer_config.json"))
        try SafetensorsWriter.write(
            shapes(vocabulary).map { name, shape in
                var generator = key.child(name).generator()
                let centre: Float = name.hasSuffix("LayerNorm.weight") ? 1 : 0
                return SafetensorsEntry(
                    name: name, shape: shape,
                    floats: (0..<shape.reduce(1, *)).map { _ in
                        centre + generator.uniform(bound: 0.4)
                    })
            }, to: url.appendingPathComponent("model.safetensors"))
    }

    /// Names and shapes of a BERT's weights.
    private static func shapes(_ vocabulary: Int) -> [(String, [Int])] {
        func norm(_ name: String) -> [(String, [Int])] {
            ["weight", "bias"].map { ("\(name).LayerNorm.\($0)", [width]) }
        }
        var result: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [vocabulary, width]),
            ("embeddings.position_embeddings.weight", [positions, width]),
            ("embeddings.token_type_embeddings.weight", [2, width]),
        ]
        result += norm("embeddings")
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)"
            let linears = [
                ("attention.self.query", width, width), ("attention.self.key", width, width),
                ("attention.self.value", width, width), ("attention.output.dense", width, width),
                ("intermediate.dense", 2 * width, width), ("output.dense", width, 2 * width),
            ]
            for (part, rows, columns) in linears {
                result.append(("\(name).\(part).weight", [rows, columns]))
                result.append(("\(name).\(part).bias", [rows]))
            }
            result += norm("\(name).attention.output") + norm("\(name).output")
        }
        return result
    }
}
