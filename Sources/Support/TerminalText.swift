extension String {
    /// The text with what could steer a terminal, or turn the direction of the text around it,
    /// written as an escape such as `\u{1B}`. Line feeds and tabs stay.
    ///
    /// Everything that comes from a user's files goes through this on its way to a terminal.
    public var safeForTerminal: String {
        guard unicodeScalars.contains(where: \.steersTerminal) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.steersTerminal {
                result += scalar.escape
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text in one line, with everything escaped that cannot be seen: controls, line ends, spaces
    /// other than the usual one, and characters without a shape. Joiners within a text stay.
    public var revealed: String {
        var result = ""
        let scalars = Array(unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            // Joiners belong to words of some languages, and with variation selectors to emoji.
            let isInside = index > 0 && index + 1 < scalars.count
            let isPart =
                scalar.properties.isJoinControl && isInside && !scalars[index - 1].isASCII
                || scalar.properties.isVariationSelector && index > 0
            if scalar.isInvisible, !isPart {
                result += scalar.escape
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var escape: String {
        switch self {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case "\0": "\\0"
        default: "\\u{" + String(value, radix: 16, uppercase: true) + "}"
        }
    }

    /// Controls other than line feed and tab, and marks of direction.
    fileprivate var steersTerminal: Bool {
        switch value {
        case 0x0a, 0x09: false
        case 0..<0x20, 0x7f...0x9f: true
        // Embeddings, overrides and isolates.
        case 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    fileprivate var isInvisible: Bool {
        guard !isASCII else { return value < 0x20 || value == 0x7f }
        switch properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: return true
        default: return properties.isDefaultIgnorableCodePoint
        }
    }
}
