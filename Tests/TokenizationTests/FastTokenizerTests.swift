import Foundation
import Testing
import Tokenization

/// Vocabularies and ids that `Fixtures/make_tokenizers.py` made with Hugging Face's tokenizers.
@Suite("WordPiece and byte-level BPE against Hugging Face's fast tokenizers")
struct FastTokenizerTests {
    static let names = ["wordpiece-lower", "wordpiece-cased", "bytes", "bytes-prefix"]

    @Test("ids equal theirs exactly on 2,100 strings of many scripts", arguments: 0..<4)
    func strings(_ column: Int) throws {
        let tokenizer = try TokenizerLoader.load(
            directory: TokenizerGoldens.fixtures.appendingPathComponent(Self.names[column]))
        let rows = try TokenizerGoldens.rows("strings.jsonl")
        #expect(rows.count == 2100)
        for row in rows {
            let text = try #require(row[0] as? String)
            let found = tokenizer.encode(text, pair: nil, maximumLength: 100_000)
            #expect(
                found.ids == TokenizerGoldens.ids(row[column + 1]),
                "\(text.unicodeScalars.map(\.value))")
            #expect(found.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
        }
    }

    @Test("pairs, their segments and their cuts equal theirs exactly", arguments: 0..<4)
    func pairs(_ column: Int) throws {
        let tokenizer = try TokenizerLoader.load(
            directory: TokenizerGoldens.fixtures.appendingPathComponent(Self.names[column]))
        try TokenizerGoldens.checkPairs(tokenizer, "pairs.jsonl", column)
    }

    @Test(
        "plain vocabulary files give what tokenizer.json gives",
        arguments: [
            (0, "BertTokenizer", ["vocab.txt"]),
            (2, "RobertaTokenizerFast", ["vocab.json", "merges.txt"]),
        ])
    func plainFiles(column: Int, name: String, files: [String]) throws {
        let source = TokenizerGoldens.fixtures.appendingPathComponent(Self.names[column])
        try VocabularyDirectory.with { directory in
            for file in files {
                try FileManager.default.copyItem(
                    at: source.appendingPathComponent(file), to: directory.url(file))
            }
            try directory.write("tokenizer_config.json", #"{"tokenizer_class": "\#(name)"}"#)
            let tokenizer = try TokenizerLoader.load(directory: directory.url)
            for row in try TokenizerGoldens.rows("strings.jsonl") {
                let text = try #require(row[0] as? String)
                let expected = TokenizerGoldens.ids(row[column + 1])
                // An added token that the plain file does not know.
                if expected.contains(where: { $0 >= tokenizer.vocabularySize }) { continue }
                let found = tokenizer.encode(text, pair: nil, maximumLength: 100_000)
                #expect(found.ids == expected, "\(text)")
            }
        }
    }
}

/// Texts, and what Hugging Face's tokenizers make of them.
enum TokenizerGoldens {
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static func rows(_ file: String) throws -> [[Any]] {
        let text = try String(contentsOf: fixtures.appendingPathComponent(file), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any]
            return try #require(row)
        }
    }

    static func ids(_ value: Any) -> [Int32] { (value as? [Int] ?? [-1]).map { Int32($0) } }

    /// Two texts, a limit, and for each tokenizer the ids and the sum of the segments.
    static func checkPairs(
        _ tokenizer: any Tokenizer, _ file: String, _ column: Int
    ) throws {
        for row in try rows(file) {
            let first = try #require(row[0] as? String)
            let second = try #require(row[1] as? String)
            let limit = try #require(row[2] as? Int)
            let found = tokenizer.encode(first, pair: second, maximumLength: limit)
            #expect(found.ids == ids(row[3 + 2 * column]), "\(first) | \(second) | \(limit)")
            #expect(found.segmentIDs.reduce(0, +) == Int32(row[4 + 2 * column] as? Int ?? -1))
            #expect(found.segmentIDs.count == found.ids.count)
        }
    }
}

/// A directory of its own for a test.
struct VocabularyDirectory {
    let url: URL

    static func with(_ body: (VocabularyDirectory) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("vocabulary-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(VocabularyDirectory(url: url))
    }

    func url(_ name: String) -> URL { url.appendingPathComponent(name) }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func write(_ name: String, _ data: Data) throws { try data.write(to: url(name)) }
}
