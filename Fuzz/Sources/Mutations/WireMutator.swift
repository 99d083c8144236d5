import Support

/// Damages a protocol buffer field by field and makes the lengths fit again.
///
/// A byte changed at random nearly always breaks a length, which the first check refuses; this gets
/// past it.
public struct WireMutator: Sendable {
    private let mutator: Mutator

    public init(_ mutator: Mutator) { self.mutator = mutator }

    /// A raw field: its key, and its value or the bytes of its content.
    private struct Field {
        var key: UInt64
        var integer: UInt64 = 0
        var content: [UInt8] = []
    }

    /// A message with one field or a few changed, put elsewhere, doubled or left out.
    public func mutate(
        _ bytes: [UInt8], depth: Int = 0, using generator: inout RandomGenerator
    ) -> [UInt8] {
        guard var fields = Self.fields(bytes), !fields.isEmpty else {
            return mutator.mutate(bytes, using: &generator)
        }
        for _ in 0...generator.index(below: 3) {
            guard !fields.isEmpty else { break }
            let place = generator.index(below: fields.count)
            switch generator.index(below: 12) {
            case 0: fields.remove(at: place)
            case 1: fields.insert(fields[place], at: generator.index(below: fields.count))
            case 2: fields.swapAt(place, generator.index(below: fields.count))
            case 3: fields[place].key ^= 1 << UInt64(generator.index(below: 7))
            case 4:
                let count = 1 << generator.index(below: 9)
                fields.insert(contentsOf: Array(repeating: fields[place], count: count), at: place)
            default: edit(&fields[place], depth, &generator)
            }
        }
        return Self.bytes(fields)
    }

    private func edit(_ field: inout Field, _ depth: Int, _ generator: inout RandomGenerator) {
        switch field.key & 7 {
        case 2:
            if depth < 2, generator.index(below: 3) > 0, Self.fields(field.content) != nil {
                field.content = mutate(field.content, depth: depth + 1, using: &generator)
            } else {
                field.content = mutator.mutate(field.content, using: &generator)
            }
        case 0:
            field.integer =
                generator.index(below: 2) == 0
                ? UInt64(generator.index(below: 8))
                : UInt64(
                    bitPattern: Hostile.integers[generator.index(below: Hostile.integers.count)])
        default:
            let floats: [Float] = [
                0, -0.0, 1, -1, 1e30, -1e30, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
                .leastNonzeroMagnitude, .nan, .infinity,
            ]
            field.integer = UInt64(floats[generator.index(below: floats.count)].bitPattern)
        }
    }

    // MARK: The wire format

    /// `nil` where the bytes are not fields.
    private static func fields(_ bytes: [UInt8]) -> [Field]? {
        var fields: [Field] = []
        var position = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard position < bytes.count else { return nil }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        func fixed(_ count: Int) -> UInt64? {
            guard bytes.count - position >= count else { return nil }
            defer { position += count }
            return (0..<count).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
        }
        while position < bytes.count {
            guard let key = varint(), key >> 3 > 0 else { return nil }
            var field = Field(key: key)
            switch key & 7 {
            case 0:
                guard let value = varint() else { return nil }
                field.integer = value
            case 1:
                guard let value = fixed(8) else { return nil }
                field.integer = value
            case 5:
                guard let value = fixed(4) else { return nil }
                field.integer = value
            case 2:
                guard let count = varint(), count <= UInt64(bytes.count - position) else {
                    return nil
                }
                field.content = Array(bytes[position..<position + Int(count)])
                position += Int(count)
            default: return nil
            }
            fields.append(field)
        }
        return fields
    }

    private static func bytes(_ fields: [Field]) -> [UInt8] {
        var bytes: [UInt8] = []
        func varint(_ value: UInt64) {
            var value = value
            while value >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
                value >>= 7
            }
            bytes.append(UInt8(value))
        }
        for field in fields {
            varint(field.key)
            switch field.key & 7 {
            case 0: varint(field.integer)
            case 2:
                varint(UInt64(field.content.count))
                bytes += field.content
            case 1, 5:
                for index in 0..<(field.key & 7 == 1 ? 8 : 4) {
                    bytes.append(UInt8(truncatingIfNeeded: field.integer >> UInt64(8 * index)))
                }
            default: break
            }
        }
        return bytes
    }
}
