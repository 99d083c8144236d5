import Foundation
import Support
import Testing
import Tokenization

@Suite("SentencePiece behind its C boundary")
struct SentencePieceTests {
    private static let texts = [
        "the quick brown fox jumps over the lazy dog", "pack my box with five dozen liquor jugs",
        "how vexingly quick daft zebras jump", "sphinx of black quartz, judge my vow",
    ]

    private static func bytes() throws -> Data { try VocabularyTrainer.train(texts, size: 60) }

    @Test("training is deterministic, and the pieces of a text spell it")
    func training() throws {
        let bytes = try Self.bytes()
        #expect(bytes == (try Self.bytes()))
        let model = try SentencePieceModel(bytes, path: "test")
        for text in Self.texts {
            let pieces = model.encode(text).compactMap(model.piece).joined()
            #expect(pieces == "▁" + text.replacing(" ", with: "▁"))
        }
    }

    @Test("impossible trainings are errors")
    func badTraining() {
        #expect(throws: TokenizationError.self) { try VocabularyTrainer.train([], size: 60) }
        #expect(throws: TokenizationError.self) { try VocabularyTrainer.train([""], size: 60) }
        #expect(throws: TokenizationError.self) { try VocabularyTrainer.train(["a b"], size: 0) }
    }

    @Test("special tokens and truncation follow XLM-R: longest segment first")
    func specialTokens() throws {
        let model = try SentencePieceModel(try Self.bytes(), path: "test")
        let tokenizer = try SentencePieceTokenizer(model, scheme: .xlmRoberta, path: "test")
        let empty = tokenizer.encode("", pair: nil, maximumLength: 512)
        #expect(empty.ids == [0, 2])
        let pair = tokenizer.encode("", pair: "", maximumLength: 512)
        #expect(pair.ids == [0, 2, 2, 2])
        let one = tokenizer.encode(Self.texts[0], pair: nil, maximumLength: 512).ids
        let two = tokenizer.encode(Self.texts[1], pair: nil, maximumLength: 512).ids
        let both = tokenizer.encode(Self.texts[0], pair: Self.texts[1], maximumLength: 512)
        #expect(both.ids == one + [2] + two.dropFirst())
        for limit in 4..<both.ids.count {
            let cut = tokenizer.encode(Self.texts[0], pair: Self.texts[1], maximumLength: limit)
            #expect(cut.ids.count == limit)
            #expect(cut.segmentIDs.count == limit)
        }
        #expect(tokenizer.encode(Self.texts[0], pair: nil, maximumLength: 8).ids.count == 8)
        for limit in [Int.min, -1, 0, 1, 2] {
            #expect(tokenizer.encode("quick", pair: nil, maximumLength: limit).ids == [0, 2])
            let cut = tokenizer.encode("quick", pair: "fox", maximumLength: limit)
            #expect(cut.ids == [0, 2, 2, 2])
        }
    }

    @Test("a model without the special pieces of a scheme is refused")
    func missingPieces() throws {
        let model = try SentencePieceModel(try Self.bytes(), path: "test")
        #expect(throws: TokenizationError.self) {
            try SentencePieceTokenizer(model, scheme: .classifierSeparator, path: "test")
        }
    }

    @Test("odd texts are encoded: NUL, one megabyte, lone marks")
    func oddTexts() throws {
        let model = try SentencePieceModel(try Self.bytes(), path: "test")
        for text in ["\0", "a\0b", "\u{301}", "\u{FFFD}", "🧪", "  ", "\n\r\t"] {
            _ = model.encode(text)
        }
        #expect(model.encode(String(repeating: "quick ", count: 170_000)).count > 170_000)
    }

    @Test("several threads get the ids that one gets")
    func threads() throws {
        let model = try SentencePieceModel(try Self.bytes(), path: "test")
        let expected = Self.texts.map { model.encode($0) }
        let found = Parallel.map(count: 400, threads: 4) { index, _ in
            model.encode(Self.texts[index % Self.texts.count])
        }
        #expect(found.indices.allSatisfy { found[$0] == expected[$0 % expected.count] })
    }

    @Test("a broken model is an error, never a crash")
    func mutations() throws {
        let whole = try Self.bytes()
        for count in stride(from: 0, to: whole.count, by: 97) {
            expectErrorOrModel(Data(whole.prefix(count)))
        }
        var generator = RandomKey(seed: 9).generator()
        for _ in 0..<1000 {
            var bytes = whole
            for _ in 0...generator.index(below: 4) {
                bytes[generator.index(below: bytes.count)] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            expectErrorOrModel(bytes)
        }
    }

    private func expectErrorOrModel(_ bytes: Data) {
        do {
            let model = try SentencePieceModel(bytes, path: "mutated")
            for text in ["the quick brown fox", "ＡＢ ㎡ ﬁ é e\u{301} 中文 हिन्दी 🧪 ½ … \0 \u{FEFF}"] {
                _ = model.encode(text)
            }
        } catch {
            #expect((error as? any DiagnosedError)?.kind == .badInput)
        }
    }

    @Test("a vocabulary in XLM-R's order is written with every default, byte for byte")
    func vocabulary() throws {
        let pieces: [(piece: String, score: Float)] =
            ["<s>", "<pad>", "</s>", "<unk>"].map { ($0, 0) } + [("a", -1.5), ("\u{2581}b", -2)]
            + [("<mask>", 0)]
        let model = try XLMRobertaVocabulary.model(pieces: pieces, path: "path")
        var expected = ModelBytes()
        expected.add("a", -1.5)
        expected.add("\u{2581}b", -2)
        // unk_id 0, bos_id 1, eos_id 2, pad_id -1, whose numbers are 40 to 43.
        let trainer =
            Data([3 << 3, 1, 4 << 3, 5, 0xc0, 2, 0, 0xc8, 2, 1, 0xd0, 2, 2, 0xd8, 2])
            + Data(repeating: 0xff, count: 9) + [1]
        let beginning =
            expected.data.dropLast(4) + ModelBytes.field(2, trainer)
            + [3 << 3 | 2]
        #expect(model.prefix(beginning.count) == beginning)
        let map = try #require(ModelBytes.characterMapRange(model))
        let trained = try Self.bytes()
        #expect(model[map] == trained[try #require(ModelBytes.characterMapRange(trained))])
        #expect(try SentencePieceModel(model, path: "path").piece(4) == "\u{2581}b")
    }
}
