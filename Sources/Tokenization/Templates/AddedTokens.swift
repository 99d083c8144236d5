/// Tokens that are found in a text before it is split into words, such as `[MASK]`.
///
/// As `AddedVocabulary` of Hugging Face's tokenizers: the longest of the leftmost matches wins; a
/// token may swallow the spaces around it or match only as a separate word.
struct AddedTokens: Sendable {
    struct Token: Sendable, Equatable {
        let content: [Unicode.Scalar]
        let id: Int32
        /// Must not touch a word character.
        var isSingleWord = false
        var swallowsLeft = false
        var swallowsRight = false
        /// Found in the normalised text instead of the raw one.
        var isNormalized = false
    }

    /// A piece of a text.
    enum Part: Equatable {
        case text(ArraySlice<Unicode.Scalar>)
        case token(Int32)
    }

    /// Most tokens and longest token, which bound the time of a search.
    static let maximumCount = 100_000
    static let maximumScalars = 256

    private let tokens: [Token]
    /// Indices of tokens by their first scalar, the longest first.
    private let byFirst: [Unicode.Scalar: [Int]]

    init(_ tokens: [Token]) {
        self.tokens = tokens
        var byFirst: [Unicode.Scalar: [Int]] = [:]
        for (index, token) in tokens.enumerated() {
            if let first = token.content.first { byFirst[first, default: []].append(index) }
        }
        self.byFirst = byFirst.mapValues { indices in
            indices.sorted { tokens[$0].content.count > tokens[$1].content.count }
        }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Cuts a text at the tokens; empty parts are left out.
    func split(_ text: ArraySlice<Unicode.Scalar>) -> [Part] {
        guard !isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var parts: [Part] = []
        var done = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            guard let token = match(text[index...]) else {
                index += 1
                continue
            }
            var (start, end) = (index, index + token.content.count)
            index = end
            if token.isSingleWord {
                let isFree =
                    (start == text.startIndex || !isWord(text[start - 1]))
                    && (end == text.endIndex || !isWord(text[end]))
                guard isFree else { continue }
            }
            if token.swallowsLeft {
                while start > done, text[start - 1].properties.isWhitespace { start -= 1 }
            }
            if token.swallowsRight {
                while end < text.endIndex, text[end].properties.isWhitespace { end += 1 }
            }
            if done < start { parts.append(.text(text[done..<start])) }
            parts.append(.token(token.id))
            done = end
            index = max(index, end)
        }
        if done < text.endIndex { parts.append(.text(text[done...])) }
        return parts
    }

    /// Adds the ids of a text: the tokens' own, and what `spell` adds for the text between them.
    func ids(
        of text: ArraySlice<Unicode.Scalar>, into ids: inout [Int32],
        spell: (ArraySlice<Unicode.Scalar>, inout [Int32]) -> Void
    ) {
        for part in split(text) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let scalars): spell(scalars, &ids)
            }
        }
    }

    private func match(_ text: ArraySlice<Unicode.Scalar>) -> Token? {
        guard let first = text.first, let candidates = byFirst[first] else { return nil }
        for index in candidates where text.starts(with: tokens[index].content) {
            return tokens[index]
        }
        return nil
    }

    /// `\w` of a regular expression.
    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }

    /// Part of a tokenizer's digest.
    var summary: String {
        tokens.map { token in
            let text = token.content.map { String($0.value, radix: 16) }.joined(separator: ".")
            return "\(token.id) \(text) \(token.isSingleWord) \(token.swallowsLeft) "
                + "\(token.swallowsRight) \(token.isNormalized)"
        }.joined(separator: "\n")
    }
}
