/// A JSON value whose objects keep every key.
///
/// Foundation's objects are dictionaries of `String`, in which canonically equivalent keys are one;
/// in a vocabulary "é" as one character and as two are different tokens.
enum JSON {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// Why a text is not JSON, and where.
    struct Malformed: Error {
        let offset: Int
        let reason: String
    }

    /// The last value of a key in an object, or `nil`; `null` counts as absent.
    subscript(_ key: String) -> JSON? {
        guard case .object(let entries) = self,
            let value = entries.last(where: { $0.key.utf8.elementsEqual(key.utf8) })?.value
        else { return nil }
        if case .null = value { return nil }
        return value
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    var integer: Int? {
        guard case .number(let value) = self else { return nil }
        return Int(exactly: value)
    }

    /// - Throws: ``Malformed``.
    init(_ bytes: UnsafeRawBufferPointer) throws(Malformed) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }
}

/// Reads RFC 8259, nesting no deeper than `maximumDepth`.
private struct JSONParser {
    private static let maximumDepth = 64
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws(JSON.Malformed) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw bad("something stands behind the value") }
        return value
    }

    private func bad(_ reason: String) -> JSON.Malformed {
        JSON.Malformed(offset: position, reason: reason)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// The next byte that is no space, which stays.
    private mutating func peek() throws(JSON.Malformed) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw bad("it is cut off") }
        return bytes[position]
    }

    private mutating func expect(_ text: StaticString) throws(JSON.Malformed) {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count,
            (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else { throw bad("expected \(text)") }
        position += count
    }

    private mutating func value(depth: Int) throws(JSON.Malformed) -> JSON {
        guard depth < Self.maximumDepth else { throw bad("nested too deep") }
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws(JSON.Malformed) -> JSON {
        var entries: [(key: String, value: JSON)] = []
        position += 1
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            guard try peek() == UInt8(ascii: "\"") else { throw bad("expected a key") }
            let key = try string()
            _ = try peek()
            try expect(":")
            entries.append((key, try value(depth: depth + 1)))
            if try peek() == UInt8(ascii: "}") { break }
            try expect(",")
        }
        position += 1
        return .object(entries)
    }

    private mutating func array(_ depth: Int) throws(JSON.Malformed) -> JSON {
        var values: [JSON] = []
        position += 1
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            values.append(try value(depth: depth + 1))
            if try peek() == UInt8(ascii: "]") { break }
            try expect(",")
        }
        position += 1
        return .array(values)
    }

    private mutating func number() throws(JSON.Malformed) -> Double {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) {
            position += 1
        }
        let text = String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard position - start <= 400, let value = Double(text), value.isFinite else {
            position = start
            throw bad("expected a value")
        }
        return value
    }

    private mutating func string() throws(JSON.Malformed) -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] >= 0x20, bytes[position] != 0x22,
            bytes[position] != 0x5C
        { position += 1 }
        let plain = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        if position < bytes.count, bytes[position] == 0x22 {
            position += 1
            guard let text = String(validating: plain, as: UTF8.self) else {
                throw bad("a text is not valid UTF-8")
            }
            return text
        }
        var units = Array(plain)
        while true {
            guard position < bytes.count else { throw bad("it is cut off") }
            let byte = bytes[position]
            guard byte >= 0x20 else { throw bad("a control character in a text") }
            position += 1
            if byte == 0x22 { break }
            if byte == 0x5C { try escape(into: &units) } else { units.append(byte) }
        }
        guard let text = String(validating: units, as: UTF8.self) else {
            throw bad("a text is not valid UTF-8")
        }
        return text
    }

    private mutating func escape(into units: inout [UInt8]) throws(JSON.Malformed) {
        guard position < bytes.count else { throw bad("it is cut off") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(byte)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code & 0xFC00 == 0xD800 {
                try expect("\\u")
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw bad("half a surrogate pair") }
                code = 0x1_0000 + (code & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(code) else { throw bad("half a surrogate pair") }
            units.append(contentsOf: UTF8.encode(scalar)!)
        default: throw bad("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSON.Malformed) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw bad("expected a hexadecimal digit") }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
