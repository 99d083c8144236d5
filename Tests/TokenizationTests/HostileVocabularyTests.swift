import Foundation
import Support
import Testing
import Tokenization

@Suite("Vocabulary files that are damaged, hostile or of another kind")
struct HostileVocabularyTests {
    private func expectRefused(
        _ files: [String: String], _ text: String, at location: SourceLocation = #_sourceLocation
    ) throws {
        try VocabularyDirectory.with { directory in
            for (name, content) in files { try directory.write(name, content) }
            do {
                _ = try TokenizerLoader.load(directory: directory.url)
                Issue.record("accepted", sourceLocation: location)
            } catch let error as any DiagnosedError {
                #expect("\(error)".contains(text), "\(error)", sourceLocation: location)
            }
        }
    }

    private static let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\n"
    private static func named(_ name: String) -> String { #"{"tokenizer_class": "\#(name)"}"# }

    @Test("a class that numbers its tokens in another way is named in the error")
    func unknownClasses() throws {
        for name in [
            "T5Tokenizer", "LlamaTokenizerFast", "MBartTokenizer", "BertJapaneseTokenizer",
        ] {
            try expectRefused(
                ["tokenizer_config.json": Self.named(name), "vocab.txt": Self.vocabulary], name)
        }
        try expectRefused([:], "no vocabulary")
        try expectRefused(
            [
                "tokenizer_config.json": Self.named("RobertaTokenizer"),
                "vocab.txt": Self.vocabulary,
            ],
            "no vocabulary")
        try expectRefused(
            ["tokenizer.json": #"{"model": {"type": "Unigram", "vocab": []}}"#], "Unigram")
    }

    @Test("a SentencePiece model of another layout does not get XLM-R's ids")
    func otherLayouts() throws {
        var model = ModelBytes.empty
        model.add("<pad>", 0, .control)
        model.add("</s>", 0, .control)
        model.add("<unk>", 0, .unknown)
        model.add("a")
        try VocabularyDirectory.with { directory in
            try directory.write("spiece.model", model.data)
            #expect(throws: TokenizationError.self) {
                try TokenizerLoader.load(directory: directory.url)
            }
            try directory.write("tokenizer_config.json", Self.named("BertTokenizer"))
            #expect(throws: TokenizationError.self) {
                try TokenizerLoader.load(directory: directory.url)
            }
        }
    }

    @Test("word lists without special tokens, with endless lines or without text are refused")
    func wordLists() throws {
        try expectRefused(["vocab.txt": ""], "empty")
        try expectRefused(["vocab.txt": "a\nb\n"], "special piece")
        try expectRefused(["vocab.txt": "[CLS]\n[SEP]\n"], "[UNK]")
        try expectRefused(["vocab.txt": "[UNK]\n[SEP]\n"], "[CLS]")
        try expectRefused(
            ["vocab.txt": Self.vocabulary + String(repeating: "x", count: 2000)], "2000 bytes")
        try VocabularyDirectory.with { directory in
            try directory.write("vocab.txt", Data([0x61, 0x0A, 0xFF, 0xFE, 0x0A]))
            #expect(throws: TokenizationError.self) {
                try TokenizerLoader.load(directory: directory.url)
            }
        }
    }

    @Test("impossible ids, merges of unknown tokens and JSON of another shape are refused")
    func bytePairs() throws {
        let ids = #""<s>": 0, "</s>": 2, "<unk>": 3, "a": 4, "b": 5, "ab": 6"#
        func refused(_ vocabulary: String, _ merges: String, _ text: String) throws {
            try expectRefused(["vocab.json": vocabulary, "merges.txt": merges], text)
        }
        try refused("[]", "", "expected a vocabulary")
        try refused("{}", "", "expected a vocabulary")
        try refused("{\(ids)", "", "found the end")
        try refused("{\(ids), \"c\": -1}", "", "an id of -1")
        try refused("{\(ids), \"c\": 1e300}", "", "whole number")
        try refused("{\(ids), \"c\": 9007199254740992}", "", "an id of")
        try refused("{\(ids), \"c\": 1.5}", "", "whole number")
        try refused("{\(ids), \"a\": 7}", "", "twice")
        try refused("{\"a\": 1}", "", "<s>")
        try refused("{\(ids)}", "a\n", "two tokens")
        try refused("{\(ids)}", "a b c\n", "two tokens")
        try refused("{\(ids)}", "#version: 0.2\nb a\n", "line 2: 'ba'")
        try refused(String(repeating: "[", count: 1_000_000), "", "nested deeper")
        try refused("{\(ids)} x", "", "expected the end")
        try refused("{\"\\ud800\": 1}", "", "JSON")
    }

    @Test("what a tokenizer.json asks for and is not done is an error")
    func unsupported() throws {
        let source = TokenizerGoldens.fixtures
        for (name, old, new, reason) in [
            ("bytes", #""ByteLevel","add_prefix_space""#, #""Metaspace","x""#, "pre_tokenizer"),
            ("bytes", #""dropout":null"#, #""dropout":0.1"#, "dropout"),
            ("bytes", #""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, "normalizer"),
            ("bytes", #""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, "suffix"),
            ("bytes", #""RobertaProcessing""#, #""Mystery""#, "Mystery"),
            ("bytes", #"["</s>",2]"#, #"["</s>",9]"#, "9"),
            ("wordpiece-lower", #""BertNormalizer""#, #""Lowercase""#, "normalizer"),
            (
                "wordpiece-lower", #""max_input_chars_per_word":100"#,
                #""max_input_chars_per_word":100000"#, "max_input"
            ),
            ("wordpiece-lower", #"{"Sequence":{"id":"A","type_id":0}},"#, "", "template"),
        ] {
            let text = try String(
                contentsOf: source.appendingPathComponent("\(name)/tokenizer.json"),
                encoding: .utf8)
            let changed = text.replacingOccurrences(of: old, with: new)
            #expect(changed != text, "\(old)")
            try expectRefused(["tokenizer.json": changed], reason)
        }
    }

    @Test("a megabyte without a space is spelt in bounded time, and any limit is a limit")
    func longTexts() throws {
        for name in FastTokenizerTests.names {
            let tokenizer = try TokenizerLoader.load(
                directory: TokenizerGoldens.fixtures.appendingPathComponent(name))
            let long = String(repeating: "theé", count: 250_000)
            #expect(!tokenizer.encode(long, pair: long, maximumLength: .max).ids.isEmpty)
            for limit in [Int.min, -1, 0, 1, 2] {
                #expect(tokenizer.encode("the", pair: nil, maximumLength: limit).ids.count == 2)
                #expect(tokenizer.encode("the", pair: "a", maximumLength: limit).ids.count <= 4)
            }
        }
    }

    @Test("mutated files are errors or tokenizers, never a crash")
    func mutations() throws {
        let text = "The Ａ ㎡ e\u{301} 中文 हि 🧪 [MASK] <mask>\0\u{FEFF} they'd"
        for name in ["wordpiece-cased/tokenizer.json", "bytes-prefix/tokenizer.json"] {
            let whole = try Data(
                contentsOf: TokenizerGoldens.fixtures.appendingPathComponent(name))
            var generator = RandomKey(seed: 4).generator()
            try VocabularyDirectory.with { directory in
                for round in 0..<300 {
                    var bytes = whole
                    if round % 3 == 0 {
                        bytes = bytes.prefix(generator.index(below: whole.count))
                    } else {
                        for _ in 0...generator.index(below: 4) {
                            bytes[generator.index(below: bytes.count)] = UInt8(
                                truncatingIfNeeded: generator.next())
                        }
                    }
                    try directory.write("tokenizer.json", bytes)
                    do {
                        let tokenizer = try TokenizerLoader.load(directory: directory.url)
                        _ = tokenizer.encode(text, pair: text, maximumLength: 64)
                    } catch {
                        #expect((error as? any DiagnosedError)?.kind == .badInput, "\(error)")
                    }
                }
            }
        }
    }
}
