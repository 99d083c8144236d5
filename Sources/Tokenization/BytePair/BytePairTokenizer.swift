import Support

/// Byte-level byte-pair encoding as GPT-2 and RoBERTa use it: any text can be spelled, as every
/// byte is a token.
struct BytePairTokenizer: TemplatedTokenizer {
    let parts: BytePairParts
    /// The token of each byte; where it has none, the unknown token, or nothing.
    private let bytes: [Int32?]
    private let added: AddedTokens
    private let lateAdded: AddedTokens

    let vocabularySize: Int
    let digest: String

    init(_ parts: BytePairParts) {
        self.parts = parts
        bytes = ByteLevel.characters.map {
            parts.vocabulary.find(String($0)) ?? parts.unknownID
        }
        // Without a normaliser the two kinds differ only in which is searched for first.
        added = AddedTokens(parts.added.filter { !$0.isNormalized })
        lateAdded = AddedTokens(parts.added.filter(\.isNormalized))
        vocabularySize = parts.template.vocabularySize(
            largestID: parts.vocabulary.largestID, parts.added)
        var builder = DigestBuilder()
        parts.vocabulary.visit { builder.add("\($1) " + String(decoding: $0, as: UTF8.self)) }
        parts.merges.visit { builder.add("\($0) \($1) \($2.rank) \($2.result)") }
        for part in [
            added.summary, lateAdded.summary, parts.template.summary,
            "\(parts.addsPrefixSpace) \(parts.splitsWords) \(parts.ignoresMerges) \(parts.unknownID ?? -1)",
        ] { builder.add(part) }
        digest = "byte-pair \(Truncation.version) \(builder.hexadecimal())"
    }

    var template: Template { parts.template }

    func ids(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        added.ids(of: Array(text.unicodeScalars)[...], into: &ids) { scalars, ids in
            lateAdded.ids(of: scalars, into: &ids) { spell($0, into: &$1) }
        }
        return ids
    }

    private func spell(_ text: ArraySlice<Unicode.Scalar>, into ids: inout [Int32]) {
        var text = Array(text)
        if parts.addsPrefixSpace, text.first != " " { text.insert(" ", at: 0) }
        for word in parts.splitsWords ? ByteLevel.words(text) : [text[...]] {
            let units = word.flatMap { UTF8.encode($0)! }
            if parts.ignoresMerges, let id = whole(units) {
                ids.append(id)
            } else {
                ids += parts.merges.apply(units.compactMap { bytes[Int($0)] })
            }
        }
    }

    /// The single token for a whole word.
    private func whole(_ units: [UInt8]) -> Int32? {
        guard units.count <= parts.vocabulary.longest else { return nil }
        var word = String.UnicodeScalarView()
        for unit in units { word.append(ByteLevel.characters[Int(unit)]) }
        return parts.vocabulary.find(String(word))
    }
}

/// What a byte-level tokenizer is made of.
struct BytePairParts: Sendable {
    var vocabulary: TokenTable
    var merges: BytePairMerges
    var template: Template
    var unknownID: Int32?
    var added: [AddedTokens.Token] = []
    /// Puts a space before a text that does not begin with one.
    var addsPrefixSpace = false
    /// Splits by GPT-2's rule.
    var splitsWords = true
    /// Takes a word that is a token without merging.
    var ignoresMerges = false
}
