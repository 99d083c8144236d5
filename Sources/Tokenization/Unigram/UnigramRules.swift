import Foundation

/// How ALBERT's and DeBERTa-v2's tokenizers clean a text and split it into words, in the order of
/// Hugging Face's `transformers` 5 (`AlbertTokenizer`, `DebertaV2Tokenizer`).
///
/// The rules differ from SentencePiece's own: DeBERTa's do not look at the model's table of
/// normalisations.
struct UnigramRules: Sendable {
    /// The architectures that have such tokenizers.
    enum Family: String, Sendable {
        case albert
        case deBERTa = "deberta-v2"
    }

    let family: Family
    var lowercases: Bool
    /// ALBERT: decompose letters and accents, then drop the accents.
    var stripsAccents: Bool
    /// ALBERT: the model's table of normalisations.
    var characters: CharacterNormalizer?

    /// The words of a text, each with SentencePiece's mark for a space before it.
    func words(_ text: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
        switch family {
        case .albert: albertWords(text)
        case .deBERTa: debertaWords(text)
        }
    }

    private func albertWords(_ text: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
        var scalars = Self.replaceQuotes(text)
        if stripsAccents {
            scalars = Self.decompose(scalars).filter { !Self.isMark($0) }
        }
        if lowercases { scalars = Self.lowercase(scalars) }
        if let characters { scalars = characters.normalize(scalars) }
        var words: [[UInt8]] = []
        for part in scalars.split(whereSeparator: { $0.properties.isWhitespace }) {
            words += Self.mark(part)
        }
        return words
    }

    private func debertaWords(_ text: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
        var scalars = lowercases ? Self.lowercase(text) : Array(text)
        scalars = Self.joinSpaces(scalars)
        scalars = Array(Self.string(scalars).precomposedStringWithCanonicalMapping.unicodeScalars)
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return Self.mark(scalars[...])
    }

    // MARK: Steps

    private static let space: Unicode.Scalar = "\u{2581}"

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Compatibility decomposition; the tables of the reference implementation end with Unicode 12.0.
    private static func decompose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: { !$0.isASCII }) else { return scalars }
        var result: [Unicode.Scalar] = []
        for part in scalars.split(omittingEmptySubsequences: false, whereSeparator: isNew) {
            result += string(Array(part)).decomposedStringWithCompatibilityMapping.unicodeScalars
            if part.endIndex < scalars.endIndex { result.append(scalars[part.endIndex]) }
        }
        return result
    }

    private static func isNew(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return (age.major, age.minor) > (12, 0)
    }

    /// Combining marks of any kind as of Unicode 9; those named here have changed since.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300, 0x111C9: return false
        case 0x1CF2, 0x1CF3: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark:
            return scalar.properties.age.map { $0.major <= 9 } ?? false
        default: return false
        }
    }

    /// Pairs of back quotes, then pairs of quotes, become a double quote.
    private static func replaceQuotes(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var scalars = Array(text)
        for quote: Unicode.Scalar in ["`", "'"] where scalars.contains(quote) {
            var replaced: [Unicode.Scalar] = []
            var index = 0
            while index < scalars.count {
                let isPair =
                    scalars[index] == quote && index + 1 < scalars.count
                    && scalars[index + 1] == quote
                replaced.append(isPair ? "\"" : scalars[index])
                index += isPair ? 2 : 1
            }
            scalars = replaced
        }
        return scalars
    }

    /// Runs of spaces of any kind, and single line ends and tabs, become one space.
    private static func joinSpaces(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var joined: [Unicode.Scalar] = []
        var index = 0
        while index < scalars.count {
            var end = index
            while end < scalars.count, scalars[end].properties.isWhitespace { end += 1 }
            switch end - index {
            case 0:
                joined.append(scalars[index])
                index += 1
            case 1:
                let isLineEnd = ["\n", "\r", "\t"].contains(scalars[index])
                joined.append(isLineEnd ? " " : scalars[index])
                index = end
            default:
                joined.append(" ")
                index = end
            }
        }
        return joined
    }

    private static func lowercase(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        scalars.flatMap { scalar in
            scalar.isASCII && !(0x41...0x5A).contains(scalar.value)
                ? [scalar] : Array(scalar.properties.lowercaseMapping.unicodeScalars)
        }
    }

    /// Spaces become marks, one is put before the first word, and every mark begins a word.
    private static func mark(_ scalars: ArraySlice<Unicode.Scalar>) -> [[UInt8]] {
        guard !scalars.isEmpty else { return [] }
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        let mark = Array(UTF8.encode(space)!)
        if scalars.first != " ", scalars.first != space { word = mark }
        for scalar in scalars {
            if scalar == " " || scalar == space {
                if !word.isEmpty { words.append(word) }
                word = mark
            } else {
                word.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        words.append(word)
        return words
    }

    /// Part of a tokenizer's digest.
    var summary: String { "\(family.rawValue) 1 lower \(lowercases) accents \(stripsAccents)" }
}
