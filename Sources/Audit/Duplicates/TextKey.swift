import Foundation
import Tasks

/// What two rows have in common that say the same but for case, width of characters and white space.
enum TextKey {
    /// Between the two texts of a pair; no text has it after normalisation.
    static let separator: Unicode.Scalar = "\u{1F}"

    /// The text (and pair) in Unicode's compatibility form (NFKC), in lower case, with single spaces.
    static func key(_ example: Example) -> String {
        var key = normalized(example.text)
        if let pair = example.pair {
            key.unicodeScalars.append(separator)
            key += normalized(pair)
        }
        return key
    }

    static func normalized(_ text: String) -> String {
        // Most texts are ASCII, where Foundation would only cost time.
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        let folded = isPlain ? text : text.precomposedStringWithCompatibilityMapping
        var result = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in folded.lowercased().unicodeScalars {
            if scalar.properties.isWhitespace || scalar == separator {
                isSpaceDue = !result.isEmpty
                continue
            }
            if isSpaceDue { result.append(" ") }
            isSpaceDue = false
            result.append(scalar)
        }
        return String(result)
    }
}
