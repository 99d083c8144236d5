/// The byte alphabet and the word rule of GPT-2 (Radford et al. 2019).
enum ByteLevel {
    /// The character that represents each byte: itself where it is visible, otherwise U+0100 and
    /// up.
    static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            let isVisible =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte)
                || (0xAE...0xFF).contains(byte)
            if isVisible { return Unicode.Scalar(byte)! }
            defer { next += 1 }
            return Unicode.Scalar(next)!
        }
    }()

    /// What a scalar is for the word rule. Characters newer than Unicode 16 are not letters yet.
    private enum Class {
        case letter, number, space, other

        init(_ scalar: Unicode.Scalar) {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A: self = .letter
            case 0x30...0x39: self = .number
            case 0x20, 9...13: self = .space
            case 0..<0x80: self = .other
            default:
                let properties = scalar.properties
                if properties.isWhitespace {
                    self = .space
                } else if let age = properties.age, age.major <= 16 {
                    switch properties.generalCategory {
                    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                        .otherLetter:
                        self = .letter
                    case .decimalNumber, .letterNumber, .otherNumber: self = .number
                    default: self = .other
                    }
                } else {
                    self = .other
                }
            }
        }
    }

    private static let contractions: [[Unicode.Scalar]] = [
        "s", "t", "re", "ve", "m", "ll", "d",
    ].map { Array($0.unicodeScalars) }

    /// The matches of GPT-2's rule, which cover the text:
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    static func words(_ text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        let classes = text.map(Class.init)
        var words: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        while start < text.count {
            let end = end(of: start, text, classes)
            words.append(text[start..<end])
            start = end
        }
        return words
    }

    private static func end(
        of start: Int, _ text: [Unicode.Scalar], _ classes: [Class]
    ) -> Int {
        if text[start] == "'",
            let tail = contractions.first(where: { text[(start + 1)...].starts(with: $0) })
        {
            return start + 1 + tail.count
        }
        func run(from index: Int) -> Int {
            var end = index
            while end < text.count, classes[end] == classes[index] { end += 1 }
            return end
        }
        guard classes[start] == .space else { return run(from: start) }
        if text[start] == " ", start + 1 < text.count, classes[start + 1] != .space {
            return run(from: start + 1)
        }
        // The last of several spaces belongs to what follows.
        let end = run(from: start)
        return end == text.count || end == start + 1 ? end : end - 1
    }
}
