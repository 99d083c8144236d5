import Foundation
import Testing

@testable import Tokenization

/// What `tokenizers` makes of the files that are written for it.
@Suite("A tokenizer.json gives the same ids in Hugging Face's library")
struct TokenizerJSONTests {
    static let python = ProcessInfo.processInfo.environment["KNAS_PYTHON"]

    /// Encoders whose real vocabularies are tried where they are installed.
    private static let installed: [URL] = {
        let environment = ProcessInfo.processInfo.environment
        let home =
            environment["KNAS_HOME"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/knas")
        return ["multilingual-e5-small", "all-MiniLM-L6-v2"].map {
            home.appendingPathComponent("encoders/\($0)")
        }.filter {
            FileManager.default.fileExists(atPath: $0.appendingPathComponent("config.json").path)
        }
    }()

    /// Texts that have been reported to be read differently somewhere, beside 2,100 of many scripts.
    private static let nasty =
        [
            "\u{2581}", "\u{2581}a", " \u{2581} a", "x[SEP]y", "[SEP][SEP]", "a<s>b", "</s>",
            "x<mask>y",
            "\u{FB01}\u{301}", "\u{B2}\u{301}", "\u{FF21}\u{301}", "e\u{302}\u{323}",
            "e\u{323}\u{302}",
            "\u{1E9B}\u{323}", "q\u{307}\u{323}", "q\u{323}\u{307}", "\u{1112}\u{1161}\u{11AB}",
            "\u{1100}\u{1161}\u{11A8}\u{11A8}", "\u{3131}\u{314F}", "\u{FF76}\u{FF9E}\u{FF77}",
            "\u{30AB}\u{3099}", "\u{5E9}\u{5C1}\u{5B8}", "\u{BC6}\u{BBE}",
            "s\u{323}\u{307}\u{17F}\u{323}\u{307}",
            "u\u{31B}\u{323} o\u{31B}\u{309}", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            "1\u{FE0F}\u{20E3}",
            "a\r\nb", "a\u{0}b", "\u{1}", "\u{1}<s>", "a\u{85}b", "\u{85}a\u{85}", "\u{202E}abc",
            "Z\u{351}\u{36B}\u{343}\u{36A}\u{302}a\u{334}l\u{310}g",
            String(repeating: "ab", count: 200),
            String(repeating: "x ", count: 300), "don't", "''x``", "\u{130}I\u{307}\u{131}",
            "\u{1F80}\u{390}",
        ]

    @Test("on 2,140 nasty strings and 700 pairs, cut and uncut", .enabled(if: python != nil))
    func equal() throws {
        let python = try #require(Self.python)
        try VocabularyDirectory.with { directory in
            let names = [
                "wordpiece-lower", "wordpiece-cased", "bytes", "bytes-prefix", "albert", "deberta",
                "deberta-lower",
            ]
            let fixtures = names.map { TokenizerGoldens.fixtures.appendingPathComponent($0) }
            for source in fixtures + Self.installed {
                try write(
                    try TokenizerLoader.load(directory: source),
                    to: directory.url("cases/\(source.lastPathComponent)"))
            }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = [
                URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .appendingPathComponent("check_tokenizer_json.py").path,
                directory.url("cases").path,
            ]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let said = String(
                decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(said)")
            let count = fixtures.count + Self.installed.count
            #expect(said.split(separator: "\n").count == 2 * count, "\(said)")
        }
    }

    /// Two directories, one with texts whole, one with pairs cut to 24 tokens.
    private func write(_ tokenizer: any Tokenizer, to directory: URL) throws {
        var strings =
            try TokenizerGoldens.rows("strings.jsonl").compactMap { $0[0] as? String } + Self.nasty
        if tokenizer is SentencePieceTokenizer {
            // Its spellings are equally probable, and sums in float32 and float64 differ.
            strings.removeAll { $0.contains(String(repeating: "x", count: 20)) }
        }
        let pairs = strings.indices.filter { $0 % 3 == 0 }.map {
            (strings[$0], strings[($0 + 7) % strings.count])
        }
        let whole = strings.map { ($0, String?.none) }
        for (name, limit, cases) in [
            ("", 100_000, whole), (" pairs", 24, pairs.map { ($0.0, Optional($0.1)) }),
        ] {
            let place = URL(fileURLWithPath: directory.path + name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let file = try #require(tokenizer.tokenizerJSON(maximumLength: limit))
            try file.write(to: place.appendingPathComponent("tokenizer.json"))
            let lines = try cases.map { text, pair in
                let tokens = tokenizer.encode(text, pair: pair, maximumLength: limit)
                let line: [Any] = [
                    text, pair ?? NSNull(), tokens.ids.map(Int.init),
                    tokens.segmentIDs.map(Int.init),
                ]
                return String(
                    decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self)
            }
            try Data(lines.joined(separator: "\n").utf8)
                .write(to: place.appendingPathComponent("cases.jsonl"))
        }
    }

    @Test("every token has its piece")
    func pieces() throws {
        for name in ["wordpiece-lower", "bytes", "albert", "deberta"] {
            let tokenizer = try TokenizerLoader.load(
                directory: TokenizerGoldens.fixtures.appendingPathComponent(name))
            let pieces = tokenizer.pieces
            #expect(pieces.keys.max() == Int32(tokenizer.vocabularySize - 1))
            let ids = tokenizer.encode("The river [SEP] was low", pair: "é 中", maximumLength: 50)
                .ids
            #expect(ids.allSatisfy { pieces[$0] != nil })
        }
    }

    @Test("a table of other rules than composition is refused rather than written wrongly")
    func otherRules() throws {
        let throwaway = try VocabularyTrainer.train(["some words to make a table of"], size: 30)
        let model = try #require(SentencePieceFile(throwaway))
        #expect(
            model.file(specials: ["<s>"], skipped: 0, unknownID: 0, template: .plain) != nil)
        #expect(CharacterRules(Data([1, 2, 3])) == nil)
        #expect(SentencePieceFile(Data("not a model".utf8)) == nil)
    }
}
