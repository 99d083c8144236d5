/// The compiled table of a normaliser: a 32-bit size, a double-array trie of that size over the bytes
/// of what is replaced, and the zero-terminated replacements.
///
/// SentencePiece walks the trie without looking at its bounds and collects the matches of a text in
/// an array of 32, so a damaged table makes it read and write memory out of bounds. Here every
/// state that some text can reach is visited first.
///
/// A unit of the trie (Yata's darts-clone) is 32 bits: label in bits 0 to 7, "a key ends here" in bit
/// 8, a shift in bit 9, an offset in bits 10 to 30, "this is a value" in bit 31.
struct CharacterMap {
    /// Number of matches of one text that SentencePiece has room for (`kMaxTrieResultsSize`).
    static let maximumMatches = 32
    /// Compiled Unicode normalisations take a quarter of a megabyte.
    static let maximumBytes = 8 << 20
    /// Largest size of one replacement in bytes; Unicode's longest has 33. More would let a short
    /// text grow without bound.
    static let maximumReplacement = 256

    /// Marks for a state whose number of matches is not known yet.
    private static let new = UInt8.max
    private static let open = UInt8.max - 1

    private let bytes: UnsafeRawBufferPointer
    private let units: Int
    private let replacements: Int

    /// What makes a table unusable, or `nil` when any text can be looked up in it.
    /// - Complexity: 256 times the number of the trie's states.
    static func fault(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count > 8, bytes[bytes.count - 1] == 0 else {
            return "the character map is cut off"
        }
        guard bytes.count <= maximumBytes else {
            return "the character map has \(bytes.count) bytes: expected at most \(maximumBytes)"
        }
        let size = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard size >= 1024, size % 4 == 0, size < bytes.count - 4 else {
            return "the character map has impossible sizes"
        }
        let texts = UnsafeRawBufferPointer(rebasing: bytes[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else {
            return "the character map's replacements are not valid UTF-8"
        }
        guard texts.split(separator: 0).allSatisfy({ $0.count <= maximumReplacement }) else {
            return "the character map has a replacement of more than \(maximumReplacement) bytes"
        }
        return CharacterMap(
            bytes: bytes, units: size / 4, replacements: bytes.count - 4 - size
        ).fault()
    }

    private func unit(_ index: UInt32) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: 4 + 4 * Int(index), as: UInt32.self))
    }

    private func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

    /// Whether every label can be combined with a state.
    private func isInside(_ state: UInt32) -> Bool { Int(state | 0xFF) < units }

    /// Walks the states depth first. A state is the index that a label is combined with; a trie may
    /// share states, but never returns to one, as its keys have an end.
    private func fault() -> String? {
        let root = offset(unit(0))
        guard isInside(root) else { return "the character map points outside itself" }
        // Most matches on any path from a state.
        var matches = [UInt8](repeating: Self.new, count: units)
        var stack: [(state: UInt32, label: UInt32, most: Int)] = [(root, 0, 0)]
        matches[Int(root)] = Self.open
        while let top = stack.last {
            // A path continues where the label is the byte and bit 31 is clear.
            var label = top.label
            while label < 256, self.unit(top.state ^ label) & 0x8000_00FF != label { label += 1 }
            stack[stack.count - 1].label = label
            guard label < 256 else {
                matches[Int(top.state)] = UInt8(top.most)
                stack.removeLast()
                continue
            }
            let index = top.state ^ label
            let unit = unit(index)
            let next = index ^ offset(unit)
            guard isInside(next) else { return "the character map points outside itself" }
            switch matches[Int(next)] {
            case Self.open:
                return "the character map runs in a circle"
            case Self.new:
                // The label is visited again when the matches from there are known.
                matches[Int(next)] = Self.open
                stack.append((next, 0, 0))
            case let below:
                var most = Int(below)
                if unit & 0x100 != 0 {
                    let start = Int(self.unit(next) & 0x7FFF_FFFF)
                    guard start < replacements else {
                        return "the character map points beyond its replacements"
                    }
                    guard bytes[bytes.count - replacements + start] & 0xC0 != 0x80 else {
                        return "the character map points into a character"
                    }
                    most += 1
                }
                guard most <= Self.maximumMatches else {
                    return "the character map has more than \(Self.maximumMatches) nested entries"
                }
                stack[stack.count - 1].most = max(top.most, most)
                stack[stack.count - 1].label += 1
            }
        }
        return nil
    }
}

extension CharacterMap {
    /// A table in which ``fault(_:)`` finds nothing.
    init(checked bytes: Slice<UnsafeRawBufferPointer>) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        let size = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        self.init(bytes: bytes, units: size / 4, replacements: bytes.count - 4 - size)
    }

    /// The longest entry that a text begins with, as SentencePiece's `NormalizePrefix` finds it: its
    /// replacement, and its size in bytes.
    func longestMatch(
        _ text: Slice<UnsafeRawBufferPointer>
    ) -> (replacement: Slice<UnsafeRawBufferPointer>, count: Int)? {
        var state = offset(unit(0))
        var found: (start: Int, count: Int)?
        var count = 0
        for byte in text {
            let index = state ^ UInt32(byte)
            let unit = unit(index)
            guard unit & 0x8000_00FF == UInt32(byte) else { break }
            count += 1
            state = index ^ offset(unit)
            if unit & 0x100 != 0 { found = (Int(self.unit(state) & 0x7FFF_FFFF), count) }
        }
        guard let found else { return nil }
        let start = bytes.count - replacements + found.start
        return (bytes[start...].prefix { $0 != 0 }, found.count)
    }
}
