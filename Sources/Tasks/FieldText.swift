/// The text of a field.
enum FieldText {
    /// A field without white space at its ends, doubled quotes made single.
    static func text(_ field: FieldRange, in bytes: UnsafeRawBufferPointer) -> String {
        let range = Bytes.trim(field.range, in: bytes)
        guard field.hasDoubledQuotes else { return Bytes.text(range, in: bytes) }
        let quote = UInt8(ascii: "\"")
        var unescaped: [UInt8] = []
        unescaped.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            unescaped.append(bytes[index])
            // The tokenizer has made sure that quotes come in pairs.
            index += bytes[index] == quote ? 2 : 1
        }
        return String(decoding: unescaped, as: UTF8.self)
    }
}
