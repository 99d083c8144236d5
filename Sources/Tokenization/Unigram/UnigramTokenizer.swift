import Support

/// ALBERT's and DeBERTa-v2's tokenizers: SentencePiece's unigram pieces with their own rules,
/// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`; ids are those of the pieces.
struct UnigramTokenizer: TemplatedTokenizer {
    let parts: UnigramParts
    private let added: AddedTokens

    let vocabularySize: Int
    let digest: String

    init(_ parts: UnigramParts) {
        self.parts = parts
        added = AddedTokens(parts.added)
        vocabularySize = parts.template.vocabularySize(
            largestID: Int32(parts.model.count) - 1, parts.added)
        var builder = DigestBuilder()
        for part in [
            parts.rules.summary, added.summary, parts.template.summary,
            "\(parts.model.unknownID)", parts.digest,
        ] { builder.add(part) }
        digest = "unigram \(Truncation.version) \(builder.hexadecimal())"
    }

    var template: Template { parts.template }

    func ids(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        added.ids(of: Array(text.unicodeScalars)[...], into: &ids) { scalars, ids in
            for word in parts.rules.words(scalars) { parts.model.encode(word, into: &ids) }
        }
        return ids
    }
}

/// What a unigram tokenizer is made of.
struct UnigramParts: Sendable {
    var model: UnigramModel
    var rules: UnigramRules
    var added: [AddedTokens.Token]
    var template: Template
    /// Digest of the file that the pieces come from.
    var digest: String
}
