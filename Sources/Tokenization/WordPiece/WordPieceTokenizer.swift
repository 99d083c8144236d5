import Support

/// WordPiece (Wu et al. 2016) as BERT uses it: words are spelled greedily, the longest token first;
/// tokens inside a word are marked with `##`.
struct WordPieceTokenizer: TemplatedTokenizer {
    let parts: WordPieceParts
    /// Tokens inside a word, without their mark.
    private let tails: TokenTable
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens

    let vocabularySize: Int
    let digest: String

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
        self.parts = parts
        self.tails = tails
        rawTokens = AddedTokens(parts.added.filter { !$0.isNormalized })
        // Tokens matched in normalised text are normalised themselves.
        normalizedTokens = AddedTokens(
            parts.added.filter(\.isNormalized).map { token in
                AddedTokens.Token(
                    content: parts.normalizer.normalize(token.content), id: token.id,
                    isSingleWord: token.isSingleWord, swallowsLeft: token.swallowsLeft,
                    swallowsRight: token.swallowsRight, isNormalized: true)
            })
        vocabularySize = parts.template.vocabularySize(
            largestID: parts.vocabulary.largestID, parts.added)
        for part in [
            parts.normalizer.summary, rawTokens.summary, normalizedTokens.summary,
            parts.template.summary,
            "\(parts.unknownID) \(parts.longestWord) \(parts.continuation)",
        ] { builder.add(part) }
        digest = "wordpiece \(Truncation.version) \(builder.hexadecimal())"
    }

    var template: Template { parts.template }

    func ids(_ text: String) -> [Int32] {
        var ids: [Int32] = []
        rawTokens.ids(of: Array(text.unicodeScalars)[...], into: &ids) { scalars, ids in
            let cleaned = parts.normalizer.normalize(scalars)
            normalizedTokens.ids(of: cleaned[...], into: &ids) { cleaned, ids in
                for word in BERTNormalizer.words(cleaned) { spell(word, into: &ids) }
            }
        }
        return ids
    }

    /// - Complexity: O(length of the word times length of the longest token).
    private func spell(_ word: ArraySlice<Unicode.Scalar>, into ids: inout [Int32]) {
        guard word.count <= parts.longestWord else { return ids.append(parts.unknownID) }
        var bytes: [UInt8] = []
        for scalar in word { bytes.append(contentsOf: UTF8.encode(scalar)!) }
        let known = ids.count
        bytes.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let table = start == 0 ? parts.vocabulary : tails
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
                    ids.append(parts.unknownID)
                    return
                }
                ids.append(found)
                start = end
            }
        }
    }
}

/// What a WordPiece tokenizer is made of.
struct WordPieceParts: Sendable {
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
