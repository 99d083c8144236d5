import Support

/// Makes UTF-8 of UTF-16.
///
/// Half a surrogate pair becomes three bytes that are not UTF-8, so that the row that has it is a
/// bad row and the others are read.
enum UTF16Text {
    enum Order: Sendable { case little, big }

    /// The byte order that a file's mark says, `nil` where there is none; UTF-32 has another mark.
    static func order(_ bytes: UnsafeRawBufferPointer) -> Order? {
        if bytes.starts(with: [0xfe, 0xff]) { return .big }
        guard bytes.starts(with: [0xff, 0xfe]) else { return nil }
        return bytes.starts(with: [0xff, 0xfe, 0, 0]) ? nil : .little
    }

    /// - Parameter bytes: with their byte-order mark.
    /// - Throws: ``TaskError/fileKind(path:found:advice:)`` for half a character at the end.
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ order: Order, path: String
    ) throws -> OwnedBytes {
        guard bytes.count.isMultiple(of: 2) else {
            throw TaskError.fileKind(
                path: path, found: "UTF-16 with half a character at its end",
                advice: "is it cut short?")
        }
        let units = bytes.count / 2
        func unit(_ index: Int) -> UInt32 {
            let (first, second) = (UInt32(bytes[2 * index]), UInt32(bytes[2 * index + 1]))
            return order == .little ? second << 8 | first : first << 8 | second
        }
        func isLow(_ index: Int) -> Bool { index < units && unit(index) >> 10 == 0x37 }
        func visit(_ body: (UInt32) -> Void) {
            var index = 1
            while index < units {
                var value = unit(index)
                if value >> 10 == 0x36, isLow(index + 1) {
                    value = 0x10000 + (value & 0x3ff) << 10 + (unit(index + 1) & 0x3ff)
                    index += 1
                }
                body(value)
                index += 1
            }
        }
        func width(_ value: UInt32) -> Int {
            value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4
        }
        var count = 0
        visit { count += width($0) }
        return try OwnedBytes(capacity: count, path: path) { target in
            var end = 0
            visit { value in
                let length = width(value)
                if length == 1 {
                    target[end] = UInt8(value)
                } else {
                    let lead: UInt32 = length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0
                    target[end] = UInt8(lead | value >> UInt32(6 * (length - 1)))
                    for place in 1..<length {
                        let bits = value >> UInt32(6 * (length - 1 - place)) & 0x3f
                        target[end + place] = UInt8(0x80 | bits)
                    }
                }
                end += length
            }
            return end
        }
    }
}
