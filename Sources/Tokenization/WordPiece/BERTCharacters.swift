/// The character classes of BERT's text cleaning, as Hugging Face's fast tokenizers have them.
///
/// Their tables are those of Unicode 8, without later characters; three characters that have
/// changed their category since are named.
enum BERTCharacters {
    private static let unicodeVersion = 8

    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return age.major <= unicodeVersion
    }

    /// Removed from any text: controls except tab and line ends, formats, private use, U+FFFD.
    static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20..<0x7F, 0x09, 0x0A, 0x0D: return false
        case 0..<0xA0, 0xFFFD: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse: return isKnown(scalar)
        default: return false
        }
    }

    /// Splits words and is dropped.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 { return scalar.value == 0x20 || (9...13).contains(scalar.value) }
        return scalar.properties.isWhitespace
    }

    /// Is a separate word: ASCII signs other than letters, digits or spaces, and punctuation.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        case 0..<0x80: return false
        case 0x166D, 0x111C9: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return isKnown(scalar)
        default: return false
        }
    }

    /// Removed when accents are stripped.
    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300: return false
        case 0x1734, 0x1171E: return true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
        default:
            return scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar)
        }
    }

    /// Chinese characters, each of which is a word; the blocks, and the gap in them, are the
    /// reference implementation's.
    static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x3400: false
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF,
            0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
