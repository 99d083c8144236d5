/// How SentencePiece cleans a text before it looks for pieces, as its `Normalizer::Normalize` does.
///
/// The longest entry of a table that begins at a place is replaced; runs of spaces become one; a space
/// comes before the text; and spaces are written as U+2581.
struct SentencePieceNormalizer: Sendable {
    /// Where the table of replacements lies in the model's file, checked by ``CharacterMap/fault(_:)``; may be empty.
    var map: Range<Int> = 0..<0
    var addsSpaceBefore = true
    var removesExtraSpaces = true

    private static let space = UInt8(ascii: " ")
    private static let mark: [UInt8] = [0xE2, 0x96, 0x81]
    private static let replacementCharacter: StaticString = "\u{FFFD}"

    /// - Parameter file: the model's file.
    /// - Complexity: O(bytes of the text).
    func normalize(
        _ text: UnsafeRawBufferPointer, _ file: UnsafeRawBufferPointer
    ) -> [UInt8] {
        let map = self.map.isEmpty ? nil : CharacterMap(checked: file[self.map])
        var rest = text[...]
        if removesExtraSpaces {
            while !rest.isEmpty {
                let (replaced, count) = Self.prefix(rest, map)
                guard replaced.elementsEqual([Self.space]) else { break }
                rest = rest.dropFirst(count)
            }
        }
        guard !rest.isEmpty else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2 + Self.mark.count)
        if addsSpaceBefore { result += Self.mark }
        var isAfterSpace = removesExtraSpaces
        while !rest.isEmpty {
            var (replaced, count) = Self.prefix(rest, map)
            if isAfterSpace { replaced = replaced.drop { $0 == Self.space } }
            for byte in replaced {
                if byte == Self.space { result += Self.mark } else { result.append(byte) }
            }
            if let last = replaced.last { isAfterSpace = last == Self.space }
            if !removesExtraSpaces { isAfterSpace = false }
            rest = rest.dropFirst(count)
        }
        if removesExtraSpaces {
            while result.suffix(Self.mark.count).elementsEqual(Self.mark) {
                result.removeLast(Self.mark.count)
            }
        }
        return result
    }

    /// What stands for the beginning of a text, and how many of its bytes.
    /// - Parameter text: not empty.
    private static func prefix(
        _ text: Slice<UnsafeRawBufferPointer>, _ map: CharacterMap?
    ) -> (Slice<UnsafeRawBufferPointer>, Int) {
        if let (replacement, count) = map?.longestMatch(text) { return (replacement, count) }
        if let count = characterBytes(text) { return (text.prefix(count), count) }
        // An entry of the table has ended within a character.
        let bytes = UnsafeRawBufferPointer(
            start: replacementCharacter.utf8Start, count: replacementCharacter.utf8CodeUnitCount)
        return (bytes[...], 1)
    }

    /// The size of the character at the beginning; `nil` where there is none.
    private static func characterBytes(_ text: Slice<UnsafeRawBufferPointer>) -> Int? {
        let first = text[text.startIndex]
        if first < 0x80 { return 1 }
        var decoder = UTF8()
        var bytes = text.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { return nil }
        return UTF8.width(scalar)
    }
}
