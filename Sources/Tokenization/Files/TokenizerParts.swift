import Foundation

/// Tokenizers of plain vocabulary files, completed by the settings next to them and, where those
/// say nothing, by the defaults of Hugging Face's classes.
enum TokenizerParts {
    private static let bertSpecials = [
        ("unk_token", "[UNK]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"),
        ("pad_token", "[PAD]"), ("mask_token", "[MASK]"),
    ]

    /// BERT's or MPNet's: `vocab.txt`.
    static func wordPiece(_ file: URL, _ settings: TokenizerSettings) throws -> WordPieceParts {
        let vocabulary = try VocabularyFiles.lines(file)
        let name = settings.tokenizerClass ?? settings.modelType ?? ""
        let isMPNet = name.lowercased().hasPrefix("mpnet")
        let specials = try Specials(
            file, settings, vocabulary,
            defaults: isMPNet
                ? [
                    ("unk_token", "[UNK]"), ("cls_token", "<s>"), ("sep_token", "</s>"),
                    ("pad_token", "<pad>"), ("mask_token", "<mask>"),
                ]
                : bertSpecials)
        let (begin, separator) = (try specials.id("cls_token"), try specials.id("sep_token"))
        var parts = WordPieceParts(
            vocabulary: vocabulary, unknownID: try specials.id("unk_token"),
            template: isMPNet
                ? .roberta(begin: begin, separator: separator)
                : .bert(begin: begin, separator: separator))
        parts.normalizer.lowercases = settings.flag("do_lower_case") ?? true
        parts.normalizer.stripsAccents = settings.flag("strip_accents")
        parts.normalizer.splitsChinese = settings.flag("tokenize_chinese_chars") ?? true
        parts.added = specials.added
        return parts
    }

    /// RoBERTa's or GPT-2's: `vocab.json` and `merges.txt`.
    static func bytePair(
        _ file: URL, _ merges: URL, _ settings: TokenizerSettings
    ) throws -> BytePairParts {
        let vocabulary = try VocabularyFiles.object(try VocabularyFiles.json(file), file)
        let name = settings.tokenizerClass ?? settings.modelType ?? ""
        let isGPT2 = name.lowercased().hasPrefix("gpt2")
        let isDeBERTa = name.lowercased().hasPrefix("deberta")
        let end = "<|endoftext|>"
        let defaults =
            isGPT2
            ? [("unk_token", end), ("bos_token", end), ("eos_token", end)]
            : isDeBERTa
                ? bertSpecials
                : [
                    ("unk_token", "<unk>"), ("cls_token", "<s>"), ("sep_token", "</s>"),
                    ("bos_token", "<s>"), ("eos_token", "</s>"), ("pad_token", "<pad>"),
                    ("mask_token", "<mask>"),
                ]
        let specials = try Specials(file, settings, vocabulary, defaults: defaults)
        let template: Template
        if isGPT2 {
            template = .plain
        } else {
            let (begin, separator) = (try specials.id("cls_token"), try specials.id("sep_token"))
            template =
                isDeBERTa
                ? .bert(begin: begin, separator: separator)
                : .roberta(begin: begin, separator: separator)
        }
        var parts = BytePairParts(
            vocabulary: vocabulary, merges: try VocabularyFiles.merges(merges, vocabulary),
            template: template)
        parts.addsPrefixSpace = settings.flag("add_prefix_space") ?? false
        parts.added = specials.added
        return parts
    }

    /// The special tokens of a class, found in the vocabulary.
    private struct Specials {
        private let path: String
        private var tokens: [(key: String, text: String, id: Int32?)] = []
        /// Those that the vocabulary has; the mask swallows the space before it in RoBERTa's.
        private(set) var added: [AddedTokens.Token] = []

        init(
            _ file: URL, _ settings: TokenizerSettings, _ vocabulary: TokenTable,
            defaults: [(String, String)]
        ) throws {
            path = file.path
            for (key, text) in defaults {
                let text = settings.token(key) ?? text
                let id = vocabulary.find(text)
                tokens.append((key, text, id))
                let content = Array(text.unicodeScalars)
                guard (1...AddedTokens.maximumScalars).contains(content.count) else {
                    throw TokenizationError.missingPiece(path: path, piece: text)
                }
                guard let id, !added.contains(where: { $0.content == content }) else { continue }
                let swallowsLeft = settings.swallowsLeft(key) ?? (text == "<mask>")
                added.append(
                    AddedTokens.Token(content: content, id: id, swallowsLeft: swallowsLeft))
            }
        }

        func id(_ key: String) throws -> Int32 {
            let token = tokens.first { $0.key == key }
            guard let id = token?.id else {
                throw TokenizationError.missingPiece(path: path, piece: token?.text ?? key)
            }
            return id
        }
    }
}
