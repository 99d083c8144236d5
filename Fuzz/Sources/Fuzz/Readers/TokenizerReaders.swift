import Foundation
import Mutations
import Support
import Tokenization

extension Reader {
    private static let modelName = "spiece.model"

    /// A SentencePiece model, whose library reads only what was validated: every text is encoded and
    /// decoded, with every scheme of special tokens, and without the library to the same ids.
    static let sentencePiece = Reader(
        name: "sentencepiece", seeds: TokenizerSeeds.models,
        tokens: [
            "<unk>", "<s>", "</s>", "<0x00>", "<0xFF>", "\u{2581}", "a", "aa", "é", "\u{0}",
            "[CLS]",
            "[SEP]", "nmt_nfkc", "identity",
        ],
        make: { _, bytes, generator in
            guard generator.index(below: 4) > 0 else { return nil }
            return WireMutator(Mutator(tokens: ["a", "\u{2581}", "<unk>", "<0x41>", "\0"]))
                .mutate(bytes, using: &generator)
        },
        read: { directory in
            let url = directory.appendingPathComponent(modelName)
            let model = try SentencePieceModel(contentsOf: url)
            let library = try SentencePieceModel(
                try Data(contentsOf: url), path: url.path, usesLibrary: true)
            for text in Texts.all {
                let ids = model.encode(text)
                guard ids == library.encode(text) else {
                    throw Violation("other ids than SentencePiece's library gives")
                }
                guard ids.allSatisfy({ (0..<Int32(model.size)).contains($0) }) else {
                    throw Violation("an id outside of 0 ..< \(model.size)")
                }
            }
            for id in [Int32.min, -1, 0, 1, Int32(clamping: model.size), .max] {
                _ = model.piece(id).map(model.id)
            }
            for scheme in [SpecialTokenScheme.xlmRoberta, .camembert, .classifierSeparator] {
                do {
                    try use(
                        try SentencePieceTokenizer(model, scheme: scheme, path: url.path))
                } catch is any DiagnosedError {}
            }
        })

    /// Tokenizer directories: `tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, and
    /// the settings next to them.
    static let tokenizer = Reader(
        name: "tokenizer", seeds: TokenizerSeeds.directories,
        tokens: [
            "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "\"vocab\"", "\"merges\"",
            "\"added_tokens\"", "\"type\"", "\"BPE\"", "\"WordPiece\"", "\"ByteLevel\"",
            "\"content\"", "\"id\"", "\"lstrip\":true", "\"rstrip\":true", "\"single_word\":true",
            "\"normalized\":true", "\"TemplateProcessing\"", "\"Sequence\"", "\"SpecialToken\"",
            "##",
            "Ġ", "#version", "\n", " ", "a b\n", "\\u0000", "\\ud83d\\ude00", "é", "[UNK]",
            "<mask>",
            "\"max_input_chars_per_word\":1000", "\"strip_accents\":true",
        ],
        read: { directory in
            try use(try TokenizerLoader.load(directory: directory))
            _ = try TokenizerLoader.files(directory)
        })

    /// Encodes texts and pairs; ids must be below the size, lengths below the limit.
    static func use(_ tokenizer: any Tokenizer) throws {
        for (index, text) in Texts.all.enumerated() {
            for limit in [0, 7, 512] {
                let pair = index % 2 == 0 ? nil : Texts.all[(index + 3) % Texts.all.count]
                let encoded = tokenizer.encode(text, pair: pair, maximumLength: limit)
                guard encoded.ids.count == encoded.segmentIDs.count else {
                    throw Violation("\(encoded.ids.count) ids of other segments")
                }
                guard
                    encoded.ids.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize })
                else { throw Violation("an id outside of 0 ..< \(tokenizer.vocabularySize)") }
                guard (0...1).isSuperset(of: encoded.segmentIDs) else {
                    throw Violation("a segment outside of 0 ... 1")
                }
            }
        }
        _ = tokenizer.digest
        guard tokenizer.vocabularySize < 5_000 else { return }
        let pieces = tokenizer.pieces
        guard pieces.keys.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize }) else {
            throw Violation("a piece outside of 0 ..< \(tokenizer.vocabularySize)")
        }
        if let file = tokenizer.tokenizerJSON(maximumLength: 16) {
            try file.withUnsafeBytes { _ = try JSON($0) }
        }
    }
}

extension ClosedRange<Int32> {
    fileprivate func isSuperset(of values: [Int32]) -> Bool { values.allSatisfy(contains) }
}
