import Foundation
import Mutations
import Support

/// Data files that must be decoded, or looked at, before their rows can be read.
extension Reader {
    /// A compressed file: its bytes are damaged, or its content is, and compressed again.
    static let gzip = data(
        "csv.gz", name: "gzip",
        tokens: ["\u{1f}", "\u{1}\0\0", "\0\0\0\0", "text,pair,label\n"],
        make: { _, bytes, generator in
            guard generator.index(below: 3) > 0, let content = StoredGzip.content(bytes) else {
                return nil
            }
            var parts = [
                Mutator(tokens: [",", "\"", "\r", "\u{1f}", "PK", "PAR1"])
                    .mutate(content, using: &generator)
            ]
            if generator.index(below: 4) == 0 { parts.append(content) }
            return parts.flatMap(StoredGzip.file)
        })

    /// UTF-16 with a byte-order mark: bytes or characters are damaged.
    static let utf16 = data(
        "csv", name: "utf16", seeds: "utf16.csv",
        tokens: ["\u{ff}", "\0", "\0\0", "\0,", "\0\n", "\u{d8}", "=\u{d8}\0\u{dc}", "\0\""],
        make: { _, bytes, generator in
            guard generator.index(below: 2) == 0, bytes.count > 2 else { return nil }
            let mutator = Mutator(tokens: [",", "\"", "\n", "\r", "é", "\u{1F600}"])
            let text = String(
                decoding: Data(bytes), as: UTF16.self, littleEndian: bytes[0] == 0xff)
            let damaged = mutator.mutate(Array(text.utf8), using: &generator)
            return TaskSeeds.utf16(
                String(decoding: damaged, as: UTF8.self), little: bytes[0] == 0xff)
        })

    /// Values between semicolons, tabs or bars, which the reader has to guess, and with carriage
    /// returns alone.
    static let delimited = data(
        "csv", name: "delimited", seeds: "delimited.csv",
        tokens: [
            ";", "\t", "|", ",", "\"", "sep=;\n", "sep=|\r", "\r", "\n", "text", "label",
            "\u{FEFF}",
        ])

    /// A file that is one array of objects, with the texts in objects inside.
    static let jsonArray = data(
        "json", name: "json",
        tokens: [
            "[", "]", "{", "}", ",", ":", "\"", "\\", "\"text\"", "\"data\"", "\"data.text\"",
            "NaN",
            "-Infinity", "1e999", "null", "\n", ",]", "[]", "\\\"",
        ])
}

/// A gzip file that is not compressed (RFC 1951, 3.2.4), so that its content can be changed.
enum StoredGzip {
    static func file(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var start = 0
        repeat {
            let end = min(content.count, start + 0xffff)
            let count = end - start
            bytes.append(end == content.count ? 1 : 0)
            for value in [count, ~count] {
                bytes.append(UInt8(value & 0xff))
                bytes.append(UInt8(value >> 8 & 0xff))
            }
            bytes += content[start..<end]
            start = end
        } while start < content.count
        for value in [checksum(content), UInt32(truncatingIfNeeded: content.count)] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return bytes
    }

    /// What ``file(_:)`` has wrapped; `nil` for other files.
    static func content(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 23, bytes[9] == 255, bytes[10] == 1 else { return nil }
        return Array(bytes[15..<bytes.count - 8])
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = ~0
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 0 ? 0 : 0xedb8_8320) }
        }
        return ~value
    }
}

extension String {
    /// Text in UTF-16 after its byte-order mark; a byte too many is left out.
    fileprivate init(decoding data: Data, as encoding: UTF16.Type, littleEndian: Bool) {
        let units = stride(from: 2, to: data.count - 1, by: 2).map { index -> UInt16 in
            let (first, second) = (UInt16(data[index]), UInt16(data[index + 1]))
            return littleEndian ? second << 8 | first : first << 8 | second
        }
        self.init(decoding: units, as: encoding)
    }
}
