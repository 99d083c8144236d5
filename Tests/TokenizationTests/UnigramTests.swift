import Foundation
import Support
import Testing
import Tokenization

/// Vocabularies and ids that `Fixtures/make_unigram.py` made with Hugging Face's library.
@Suite("ALBERT's and DeBERTa-v2's vocabularies against Hugging Face's tokenizers")
struct UnigramTests {
    static let names = ["albert", "albert-json", "deberta", "deberta-lower"]

    private func load(_ name: String) throws -> any Tokenizer {
        try TokenizerLoader.load(
            directory: TokenizerGoldens.fixtures.appendingPathComponent(name))
    }

    @Test("ids equal theirs exactly on 500 strings of many scripts", arguments: 0..<4)
    func strings(_ column: Int) throws {
        let tokenizer = try load(Self.names[column])
        let rows = try TokenizerGoldens.rows("unigram.jsonl")
        #expect(rows.count == 500)
        for row in rows {
            let text = try #require(row[0] as? String)
            let found = tokenizer.encode(text, pair: nil, maximumLength: 100_000)
            #expect(
                found.ids == TokenizerGoldens.ids(row[column + 1]),
                "\(text) \(text.unicodeScalars.map { String($0.value, radix: 16) })")
            #expect(found.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
        }
    }

    @Test("pairs, their segments and their cuts equal theirs exactly", arguments: 0..<4)
    func pairs(_ column: Int) throws {
        let tokenizer = try load(Self.names[column])
        #expect(try TokenizerGoldens.rows("unigram-pairs.jsonl").count == 60)
        try TokenizerGoldens.checkPairs(tokenizer, "unigram-pairs.jsonl", column)
    }

    @Test("DeBERTa's mask has the id after the pieces, and the vocabulary counts it")
    func mask() throws {
        let tokenizer = try load("deberta")
        let found = tokenizer.encode("[MASK]", pair: nil, maximumLength: 8).ids
        #expect(found.count == 3 && Int(found[1]) == tokenizer.vocabularySize - 1)
    }

    @Test("different rules have different digests")
    func digests() throws {
        #expect(Set(try Self.names.map { try load($0).digest }).count == 4)
    }

    @Test("a copied tokenizer gives the same ids")
    func copies() throws {
        for name in Self.names {
            try VocabularyDirectory.with { directory in
                let source = TokenizerGoldens.fixtures.appendingPathComponent(name)
                try TokenizerLoader.copy(from: source, to: directory.url)
                let configuration = source.appendingPathComponent("config.json")
                if FileManager.default.fileExists(atPath: configuration.path) {
                    try FileManager.default.copyItem(
                        at: configuration, to: directory.url("config.json"))
                }
                let copy = try TokenizerLoader.load(directory: directory.url)
                #expect(copy.digest == (try load(name).digest))
            }
        }
    }

    /// Loads a copy of `name` with other settings, or another `tokenizer.json`.
    private func expectRefused(
        _ name: String, _ text: String, settings: String? = nil, configuration: String? = nil,
        at location: SourceLocation = #_sourceLocation,
        json change: ((inout [String: Any]) throws -> Void)? = nil
    ) throws {
        try VocabularyDirectory.with { directory in
            let source = TokenizerGoldens.fixtures.appendingPathComponent(name)
            let files = ["spiece.model", "spm.model", "tokenizer.json", "tokenizer_config.json"]
            for file in files + ["config.json"] {
                let url = source.appendingPathComponent(file)
                guard let data = try? Data(contentsOf: url) else { continue }
                try directory.write(file, data)
            }
            if let settings { try directory.write("tokenizer_config.json", settings) }
            if let configuration { try directory.write("config.json", configuration) }
            if let change {
                let data = try Data(contentsOf: directory.url("tokenizer.json"))
                var json = try #require(
                    try JSONSerialization.jsonObject(with: data) as? [String: Any])
                try change(&json)
                try directory.write(
                    "tokenizer.json", JSONSerialization.data(withJSONObject: json))
            }
            do {
                _ = try TokenizerLoader.load(directory: directory.url)
                Issue.record("accepted", sourceLocation: location)
            } catch {
                #expect("\(error)".contains(text), "\(error)", sourceLocation: location)
                #expect((error as? any DiagnosedError)?.kind == .badInput, sourceLocation: location)
            }
        }
    }

    @Test("what would give other ids is refused")
    func refused() throws {
        try expectRefused(
            "deberta", "split_by_punct",
            settings: #"{"tokenizer_class": "DebertaV2Tokenizer", "split_by_punct": true}"#)
        try expectRefused(
            "albert", "add_prefix_space",
            settings: #"{"tokenizer_class": "AlbertTokenizer", "add_prefix_space": false}"#)
        // The vocabulary of one class under the other's name.
        try expectRefused(
            "deberta", "<unk>", settings: #"{"tokenizer_class": "AlbertTokenizer"}"#)
        try expectRefused(
            "albert", "[UNK]", settings: #"{"tokenizer_class": "DebertaV2Tokenizer"}"#)
        try expectRefused(
            "albert", "[CLASS]",
            settings: #"{"tokenizer_class": "AlbertTokenizer", "cls_token": "[CLASS]"}"#)
        // A class that follows tokenizer.json to the letter.
        try expectRefused(
            "albert-json", "TokenizersBackend",
            settings: #"{"tokenizer_class": "TokenizersBackend"}"#)
    }

    @Test("a damaged tokenizer.json is refused")
    func damagedJSON() throws {
        func model(_ json: inout [String: Any], _ change: (inout [String: Any]) -> Void) {
            var model = json["model"] as? [String: Any] ?? [:]
            change(&model)
            json["model"] = model
        }
        try expectRefused("albert-json", "Unigram") { json in
            model(&json) { $0["type"] = "BPE" }
        }
        try expectRefused("albert-json", "vocabulary") { json in
            model(&json) { $0["vocab"] = [Any]() }
        }
        try expectRefused("albert-json", "piece 1") { json in
            model(&json) { $0["vocab"] = [["<pad>", 0], ["<unk>"]] as [[Any]] }
        }
        try expectRefused("albert-json", "appear twice") { json in
            model(&json) {
                let vocabulary = $0["vocab"] as? [[Any]] ?? []
                $0["vocab"] = vocabulary + [vocabulary[20]]
            }
        }
        try expectRefused("albert-json", "expected 1") { json in
            model(&json) {
                var vocabulary = $0["vocab"] as? [[Any]] ?? []
                vocabulary.swapAt(0, 1)
                $0["vocab"] = vocabulary
            }
        }
        try expectRefused("albert-json", "base64") { json in
            json["normalizer"] = ["type": "Precompiled", "precompiled_charsmap": "*"]
        }
        try expectRefused("albert-json", "damaged") { json in
            json["normalizer"] = ["type": "Precompiled", "precompiled_charsmap": "AAAA"]
        }
        try expectRefused("albert-json", "added tokens have ids") { json in
            let tokens = json["added_tokens"] as? [[String: Any]] ?? []
            json["added_tokens"] = tokens + [["id": 9_999, "content": "<extra>"]]
        }
    }
}
