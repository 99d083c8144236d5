import Support

/// WordPiece (Wu et al. 2016) as BERT uses it: words are spelled greedily, the longest token first;
/// tokens inside a word are marked with `##`.
public struct WordPieceTokenizer: Tokenizer {
    private let heads: TokenTable
    /// Tokens inside a word, without their mark.
    private let tails: TokenTable
    private let unknownID: Int32
    private let longestWord: Int
    private let normalizer: BERTNormalizer
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    private let template: Template

    public let vocabularySize: Int
    public let digest: String

    init(_ parts: WordPieceParts) {
        let mark = Array(parts.continuation.utf8)
        var tails = TokenTable(capacity: parts.vocabulary.count)
        var builder = DigestBuilder()
        parts.vocabulary.visit { token, id in
            builder.add("\(id) " + String(decoding: token, as: UTF8.self))
            if token.count > mark.count, token.starts(with: mark) {
                tails.insert(UnsafeRawBufferPointer(rebasing: token[mark.count...]), id)
            }
        }
        heads = parts.vocabulary
        self.tails = tails
        unknownID = parts.unknownID
        longestWord = parts.longestWord
        normalizer = parts.normalizer
        rawTokens = AddedTokens(parts.added.filter { !$0.isNormalized })
        // Tokens matched in normalised text are normalised themselves.
        normalizedTokens = AddedTokens(
            parts.added.filter(\.isNormalized).map { token in
                AddedTokens.Token(
                    content: parts.normalizer.normalize(token.content), id: token.id,
                    isSingleWord: token.isSingleWord, swallowsLeft: token.swallowsLeft,
                    swallowsRight: token.swallowsRight, isNormalized: true)
            })
        template = parts.template
        let largest = max(
            parts.vocabulary.largestID, template.largestID, parts.added.map(\.id).max() ?? -1)
        vocabularySize = Int(largest) + 1
        for part in [
            normalizer.summary, rawTokens.summary, normalizedTokens.summary, template.summary,
            "\(unknownID) \(longestWord) \(parts.continuation)",
        ] { builder.add(part) }
        digest = "wordpiece \(Truncation.version) \(builder.hexadecimal())"
    }

    public func encode(_ text: String, pair: String?, maximumLength: Int) -> TokenizedText {
        template.apply(ids(text), pair.map(ids), maximumLength: maximumLength)
    }

    private func ids(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        rawTokens.ids(of: Array(text.unicodeScalars)[...], into: &ids) { scalars, ids in
            let cleaned = normalizer.normalize(scalars)
            normalizedTokens.ids(of: cleaned[...], into: &ids) { cleaned, ids in
                for word in BERTNormalizer.words(cleaned) { spell(word, into: &ids) }
            }
        }
        return ids
    }

    /// - Complexity: O(length of the word times length of the longest token).
    private func spell(_ word: ArraySlice<Unicode.Scalar>, into ids: inout [Int32]) {
        guard word.count <= longestWord else { return ids.append(unknownID) }
        var bytes: [UInt8] = []
        for scalar in word { bytes.append(contentsOf: UTF8.encode(scalar)!) }
        let known = ids.count
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let table = start == 0 ? heads : tails
                var end = min(bytes.count, start + table.longest)
                var found: Int32?
                while end > start {
                    // A token begins and ends between characters.
                    if end == bytes.count || bytes[end] & 0xC0 != 0x80 {
                        found = table.find(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                        if found != nil { break }
                    }
                    end -= 1
                }
                guard let found else {
                    ids.removeSubrange(known...)
                    ids.append(unknownID)
                    return
                }
                ids.append(found)
                start = end
            }
        }
    }
}

/// What a WordPiece tokenizer is made of.
struct WordPieceParts {
    var vocabulary: TokenTable
    var unknownID: Int32
    var template: Template
    var normalizer = BERTNormalizer()
    var added: [AddedTokens.Token] = []
    /// The mark of tokens inside a word.
    var continuation = "##"
    /// Length in scalars of the longest word that is spelled at all.
    var longestWord = 100
}
