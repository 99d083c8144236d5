import Foundation

/// Reading text files as bytes: lines, UTF-8, white space.
package enum Bytes {
    static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    /// Where a text begins, after a byte-order mark.
    static func afterMark(_ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    }

    /// Index of the first `byte` in a range, found by `memchr`.
    static func firstIndex(
        of byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Int? {
        guard !range.isEmpty, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }

    /// End of the line that holds `position`, without its line feed.
    static func endOfLine(_ position: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        firstIndex(of: newline, in: bytes, position..<bytes.count) ?? bytes.count
    }

    /// Offset of the first byte that does not belong to a well-formed sequence (Unicode 16, table
    /// 3-7), `nil` when all do.
    /// - Complexity: O(bytes), eight at a time where the text is ASCII.
    package static func firstInvalidUTF8(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        let count = bytes.count
        func isContinuation(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xbf) -> Bool {
            index + offset < count && range.contains(bytes[index + offset])
        }
        while index < count {
            while index + 8 <= count,
                bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    & 0x8080_8080_8080_8080 == 0
            {
                index += 8
            }
            guard index < count else { return nil }
            let lead = bytes[index]
            let length: Int
            switch lead {
            case 0x00...0x7f:
                length = 1
            case 0xc2...0xdf:
                length = isContinuation(1) ? 2 : 0
            case 0xe0...0xef:
                let second: ClosedRange<UInt8> =
                    lead == 0xe0 ? 0xa0...0xbf : lead == 0xed ? 0x80...0x9f : 0x80...0xbf
                length = isContinuation(1, second) && isContinuation(2) ? 3 : 0
            case 0xf0...0xf4:
                let second: ClosedRange<UInt8> =
                    lead == 0xf0 ? 0x90...0xbf : lead == 0xf4 ? 0x80...0x8f : 0x80...0xbf
                length =
                    isContinuation(1, second) && isContinuation(2) && isContinuation(3) ? 4 : 0
            default:
                length = 0
            }
            if length == 0 { return index }
            index += length
        }
        return nil
    }

    /// Line and byte in the line (both from 1) of an offset.
    static func lineAndByte(
        of offset: Int, in bytes: UnsafeRawBufferPointer, from start: Int = 0, line: Int = 1
    ) -> (line: Int, byte: Int) {
        var line = line
        var lineStart = start
        while let end = firstIndex(of: newline, in: bytes, lineStart..<offset) {
            line += 1
            lineStart = end + 1
        }
        return (line, offset - lineStart + 1)
    }

    /// Whether a byte is ASCII white space.
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    /// The range without ASCII white space at its ends.
    static func trim(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isSpace(bytes[lower]) { lower += 1 }
        while lower < upper, isSpace(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// The text of a range that is known to be valid UTF-8.
    static func text(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}

extension String {
    /// The text, fit for a message of one line: what cannot be seen is escaped, and of a long text
    /// beginning and end are shown, as texts often differ in one of them only.
    package var excerpt: String {
        guard !unicodeScalars.dropFirst(60).isEmpty else { return revealed }
        return String(unicodeScalars.prefix(40)).revealed + "..."
            + String(unicodeScalars.suffix(17)).revealed
    }

    /// Whether nothing is left to read: white space of any script, controls, and what no font shows
    /// do not count.
    var isBlank: Bool {
        unicodeScalars.allSatisfy { scalar in
            let properties = scalar.properties
            return properties.isWhitespace || properties.isDefaultIgnorableCodePoint
                || properties.generalCategory == .control
        }
    }
}
