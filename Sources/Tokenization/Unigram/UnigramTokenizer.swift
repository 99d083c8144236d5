import Support

/// ALBERT's and DeBERTa-v2's tokenizers: SentencePiece's unigram pieces with their own rules,
/// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`; ids are those of the pieces.
public struct UnigramTokenizer: Tokenizer {
    private let model: UnigramModel
    private let rules: UnigramRules
    private let added: AddedTokens
    private let template: Template

    public let vocabularySize: Int
    public let digest: String

    init(_ parts: UnigramParts) {
        model = parts.model
        rules = parts.rules
        added = AddedTokens(parts.added)
        template = parts.template
        let largest = max(template.largestID, parts.added.map(\.id).max() ?? -1)
        vocabularySize = max(parts.model.count, Int(largest) + 1)
        var builder = DigestBuilder()
        for part in [
            rules.summary, added.summary, template.summary, "\(model.unknownID)", parts.digest,
        ] { builder.add(part) }
        digest = "unigram \(Truncation.version) \(builder.hexadecimal())"
    }

    public func encode(_ text: String, pair: String?, maximumLength: Int) -> TokenizedText {
        template.apply(ids(text), pair.map(ids), maximumLength: maximumLength)
    }

    private func ids(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        added.ids(of: Array(text.unicodeScalars)[...], into: &ids) { scalars, ids in
            for word in rules.words(scalars) { model.encode(word, into: &ids) }
        }
        return ids
    }
}

/// What a unigram tokenizer is made of.
struct UnigramParts {
    var model: UnigramModel
    var rules: UnigramRules
    var added: [AddedTokens.Token]
    var template: Template
    /// Digest of the file that the pieces come from.
    var digest: String
}
