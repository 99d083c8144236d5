/// A reader of the protocol buffer wire format that allocates nothing.
///
/// It is stricter than the format: groups, and known fields of another type, are refused, so every
/// reader of an accepted message sees the same values.
struct WireReader {
    /// What a field holds.
    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(UnsafeRawBufferPointer)
    }

    /// The bytes are not a message.
    struct Malformed: Error {}

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next field, or `nil` at the end.
    mutating func next() throws(Malformed) -> (number: UInt64, value: Value)? {
        guard position < bytes.count else { return nil }
        let key = try varint()
        let number = key >> 3
        guard number > 0, number < 1 << 29 else { throw Malformed() }
        switch key & 7 {
        case 0: return (number, .integer(try varint()))
        case 1:
            let part = try take(8)
            return (number, .fixed64(UInt64(littleEndian: part.loadUnaligned(as: UInt64.self))))
        case 2: return (number, .bytes(try take(try varint())))
        case 5:
            let part = try take(4)
            return (number, .fixed32(UInt32(littleEndian: part.loadUnaligned(as: UInt32.self))))
        default: throw Malformed()
        }
    }

    private mutating func take(_ count: UInt64) throws(Malformed) -> UnsafeRawBufferPointer {
        guard count <= UInt64(bytes.count - position) else { throw Malformed() }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
    }

    private mutating func varint() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < bytes.count else { throw Malformed() }
            let byte = bytes[position]
            position += 1
            guard shift < 63 || byte <= 1 else { throw Malformed() }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed()
    }
}
