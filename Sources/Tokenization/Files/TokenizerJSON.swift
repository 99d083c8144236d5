import Foundation
import Support

/// Reads `tokenizer.json`, the file of Hugging Face's fast tokenizers, where it describes WordPiece
/// or byte-level BPE. Anything in it that this program does not support is an error, never ignored.
struct TokenizerJSON {
    private let json: JSON
    private let url: URL

    init(_ url: URL) throws {
        self.url = url
        json = try VocabularyFiles.json(url)
        guard case .object = json else { throw VocabularyFiles.bad(url, "expected a JSON object") }
    }

    private func bad(_ reason: String) -> TokenizationError { VocabularyFiles.bad(url, reason) }

    /// `WordPiece`, `BPE`, `Unigram`; old files name no type for the first two.
    var modelType: String {
        if let type = json["model"]?["type"]?.string { return type }
        return json["model"]?["merges"] == nil ? "WordPiece" : "BPE"
    }

    /// - Parameter settings: may override the cleaning, as they do for Hugging Face's classes.
    /// - Throws: ``TokenizationError``.
    func tokenizer(_ settings: TokenizerSettings) throws -> any Tokenizer {
        switch modelType {
        case "WordPiece": WordPieceTokenizer(try wordPiece(settings))
        case "BPE": BytePairTokenizer(try bytePair())
        default:
            throw TokenizationError.unsupportedTokenizer(path: url.path, name: modelType)
        }
    }

    // MARK: Models

    private func wordPiece(_ settings: TokenizerSettings) throws -> WordPieceParts {
        let model = json["model"]
        let vocabulary = try VocabularyFiles.object(model?["vocab"], url)
        let unknown = model?["unk_token"]?.string ?? "[UNK]"
        var parts = WordPieceParts(
            vocabulary: vocabulary,
            unknownID: try VocabularyFiles.find(unknown, in: vocabulary, url),
            template: try template(vocabulary))
        parts.continuation = model?["continuing_subword_prefix"]?.string ?? "##"
        parts.longestWord = model?["max_input_chars_per_word"]?.integer ?? 100
        guard (1...1000).contains(parts.longestWord) else {
            throw bad("max_input_chars_per_word is \(parts.longestWord): expected 1 to 1000")
        }
        try expect("pre_tokenizer", "BertPreTokenizer")
        try expect("normalizer", "BertNormalizer")
        let normalizer = json["normalizer"]
        parts.normalizer.cleansText = normalizer?["clean_text"]?.bool ?? true
        parts.normalizer.splitsChinese =
            settings.flag("tokenize_chinese_chars") ?? normalizer?["handle_chinese_chars"]?.bool
            ?? true
        parts.normalizer.stripsAccents =
            settings.flag("strip_accents") ?? normalizer?["strip_accents"]?.bool
        parts.normalizer.lowercases =
            settings.flag("do_lower_case") ?? normalizer?["lowercase"]?.bool ?? true
        parts.added = try added(vocabulary)
        return parts
    }

    private func bytePair() throws -> BytePairParts {
        let model = json["model"]
        let vocabulary = try VocabularyFiles.object(model?["vocab"], url)
        guard json["normalizer"] == nil else {
            throw bad("a normalizer is not supported with byte-level BPE")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard (model?[key]?.string ?? "").isEmpty else { throw bad("\(key) is not supported") }
        }
        for key in ["byte_fallback", "fuse_unk"] where model?[key]?.bool == true {
            throw bad("\(key) is not supported")
        }
        guard model?["dropout"] == nil || model?["dropout"]?.integer == 0 else {
            throw bad("dropout is not supported")
        }
        try expect("pre_tokenizer", "ByteLevel")
        var parts = BytePairParts(
            vocabulary: vocabulary,
            merges: try VocabularyFiles.merges(model?["merges"], vocabulary, url),
            template: try template(vocabulary))
        if let unknown = model?["unk_token"]?.string {
            parts.unknownID = try VocabularyFiles.find(unknown, in: vocabulary, url)
        }
        let splitter = json["pre_tokenizer"]
        parts.addsPrefixSpace = splitter?["add_prefix_space"]?.bool ?? true
        parts.splitsWords = splitter?["use_regex"]?.bool ?? true
        parts.ignoresMerges = model?["ignore_merges"]?.bool ?? false
        parts.added = try added(vocabulary)
        return parts
    }

    private func expect(_ part: String, _ type: String) throws {
        let found = json[part]?["type"]?.string ?? "none"
        guard found == type else {
            throw bad("\(part) is '\(found)': only '\(type)' is supported with \(modelType)")
        }
    }

    // MARK: Added tokens

    private func added(_ vocabulary: TokenTable) throws -> [AddedTokens.Token] {
        try added { vocabulary.find($0) }
    }

    /// - Parameter find: gives the id of a token in the vocabulary.
    func added(_ find: (String) -> Int32?) throws -> [AddedTokens.Token] {
        let entries = json["added_tokens"]?.array ?? []
        guard entries.count <= AddedTokens.maximumCount else {
            throw bad("\(entries.count) added tokens: expected at most \(AddedTokens.maximumCount)")
        }
        return try entries.enumerated().map { index, entry in
            guard let content = entry["content"]?.string, let id = entry["id"]?.integer,
                (0...TokenTable.maximumID).contains(id)
            else { throw bad("added token \(index): expected a text and an id") }
            let scalars = Array(content.unicodeScalars)
            guard (1...AddedTokens.maximumScalars).contains(scalars.count) else {
                throw bad(
                    "added token \(index) has \(scalars.count) characters: expected 1 to "
                        + "\(AddedTokens.maximumScalars)")
            }
            // The vocabulary's own id takes precedence.
            return AddedTokens.Token(
                content: scalars, id: find(content) ?? Int32(id),
                isSingleWord: entry["single_word"]?.bool ?? false,
                swallowsLeft: entry["lstrip"]?.bool ?? false,
                swallowsRight: entry["rstrip"]?.bool ?? false,
                isNormalized: entry["normalized"]?.bool ?? false)
        }
    }

    // MARK: Special tokens

    private func template(_ vocabulary: TokenTable) throws -> Template {
        try TemplateReader(url: url, vocabulary: vocabulary, added: try added(vocabulary))
            .template(json["post_processor"])
    }
}
