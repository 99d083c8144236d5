/// A strict reader of JSON (RFC 8259) in UTF-8 that may come from anyone.
///
/// It pulls values from the bytes as its caller asks for them and builds no tree, so memory is
/// proportional to what is kept; ``JSON`` is a tree for small files. A name that appears twice in
/// one object is an error: two readers of such a file may see different values.
public struct JSONReader {
    /// What is wrong, and at which byte of the text, from 0.
    public struct Fault: Error, CustomStringConvertible {
        public let offset: Int
        public let reason: String
        /// The name in an object that it is about, where that is known.
        public var name: String? = nil
        public var description: String { "at byte \(offset): \(reason)" }
    }

    /// Deepest nesting of arrays and objects.
    public static let maximumDepth = 256

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    private var depth = 0
    /// Whether ``skipValue()`` takes `NaN`, `Infinity` and `-Infinity`, which are not JSON but what
    /// Python's `json` and pandas write.
    public var skipsNonFinite = false

    /// - Parameter bytes: must outlive the reader. A byte order mark is skipped.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        offset = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// A fault at the next byte.
    public func fault(_ reason: String) -> Fault {
        Fault(offset: offset, reason: reason)
    }

    private func expected(_ what: String) -> Fault {
        fault("expected \(what)" + (peek == nil ? ", found the end" : ""))
    }

    /// Reads an object; `member` must consume the value of the name that it is given.
    public mutating func object(_ member: (inout JSONReader, String) throws -> Void) throws {
        try open(UInt8(ascii: "{"), "an object")
        var names = Set<ExactName>()
        if try !close(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                let start = offset
                let name = try string()
                guard names.insert(ExactName(name)).inserted else {
                    throw Fault(
                        offset: start,
                        reason: "the name \(quoted(name)) appears twice in one object",
                        name: name)
                }
                skipSpace()
                try expect(UInt8(ascii: ":"))
                try member(&self, name)
            } while try separator(orClose: UInt8(ascii: "}"))
        }
        depth -= 1
    }

    /// Reads an array; `element` must consume one value.
    public mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "["), "an array")
        if try !close(UInt8(ascii: "]")) {
            repeat { try element(&self) } while try separator(orClose: UInt8(ascii: "]"))
        }
        depth -= 1
    }

    /// Reads an integer from 0 to `Int.max`, written with digits only.
    public mutating func nonNegativeInteger() throws -> Int {
        skipSpace()
        let start = offset
        try number()
        var value = 0
        for byte in bytes[start..<offset] {
            guard (0x30...0x39).contains(byte) else {
                offset = start
                throw fault("expected a non-negative integer, found a number of another kind")
            }
            let (scaled, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = scaled.addingReportingOverflow(Int(byte - 0x30))
            guard !first, !second else {
                offset = start
                throw fault("expected an integer of at most 63 bits, found a larger one")
            }
            value = sum
        }
        return value
    }

    /// Reads a string.
    public mutating func string() throws -> String {
        skipSpace()
        guard peek == UInt8(ascii: "\"") else { throw expected("a string") }
        offset += 1
        let start = offset
        // Texts almost never have escapes: then they are the bytes themselves.
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\\") {
            offset += 1
            if byte == UInt8(ascii: "\"") {
                return try text(UnsafeRawBufferPointer(rebasing: bytes[start..<offset - 1]), start)
            }
        }
        var content = Array(bytes[start..<offset])
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(content, start)
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20:
                offset -= 1
                throw fault("a control character in a string")
            default: content.append(byte)
            }
        }
        throw fault("the text ends inside a string")
    }

    /// Reads `null` if it comes next.
    public mutating func null() throws -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    /// Reads any value as a tree.
    public mutating func value() throws -> JSON {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"):
            var members: [(key: String, value: JSON)] = []
            try object { reader, key in members.append((key, try reader.value())) }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { reader in elements.append(try reader.value()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default: return try numericValue()
        }
    }

    private mutating func numericValue() throws -> JSON {
        let start = offset
        try number()
        let text = String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        guard let value = Double(text), value.isFinite else {
            offset = start
            throw fault("a number is out of range")
        }
        return .number(value)
    }

    /// Reads any value and says where it lies in the text.
    public mutating func extent() throws -> Range<Int> {
        skipSpace()
        let start = offset
        try skipValue()
        return start..<offset
    }

    /// Reads a value as a tree that is small where it is right: the text of a large one becomes no tree.
    public mutating func value(atMost limit: Int) throws -> JSON {
        let extent = try extent()
        offset = extent.lowerBound
        guard extent.count <= limit else { throw fault("a value of more than \(limit) bytes") }
        return try value()
    }

    /// Reads any value and discards it; numbers may be of any size.
    public mutating func skipValue() throws {
        skipSpace()
        if skipsNonFinite, skipNonFinite() { return }
        switch peek {
        case UInt8(ascii: "{"): try object { reader, _ in try reader.skipValue() }
        case UInt8(ascii: "["): try array { reader in try reader.skipValue() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try number()
        }
    }

    private mutating func skipNonFinite() -> Bool {
        let rest = bytes[offset...]
        let words: [StaticString] = ["NaN", "Infinity", "-Infinity"]
        let word = words.first { word in
            word.withUTF8Buffer { rest.starts(with: $0) }
        }
        offset += word?.utf8CodeUnitCount ?? 0
        return word != nil
    }

    /// Makes sure that only white space is left.
    public mutating func end() throws {
        skipSpace()
        guard offset == bytes.count else { throw fault("expected the end, found more text") }
    }

    // MARK: - Parts

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            offset += 1
        }
    }

    private mutating func expect(_ byte: UInt8) throws {
        guard peek == byte else { throw expected("'\(Character(UnicodeScalar(byte)))'") }
        offset += 1
    }

    private mutating func open(_ byte: UInt8, _ what: String) throws {
        skipSpace()
        guard peek == byte else { throw expected(what) }
        guard depth < Self.maximumDepth else {
            throw fault("values are nested deeper than \(Self.maximumDepth) levels")
        }
        offset += 1
        depth += 1
    }

    private mutating func close(_ byte: UInt8) throws -> Bool {
        skipSpace()
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func separator(orClose byte: UInt8) throws -> Bool {
        if try close(byte) { return false }
        guard peek == UInt8(ascii: ",") else {
            throw expected("',' or '\(Character(UnicodeScalar(byte)))'")
        }
        offset += 1
        return true
    }

    private mutating func literal(_ word: StaticString) throws {
        for index in 0..<word.utf8CodeUnitCount {
            guard peek == word.utf8Start[index] else { throw expected("'\(word)'") }
            offset += 1
        }
    }

    /// Consumes a number by JSON's grammar: no leading zeros, no sign but a minus.
    private mutating func number() throws {
        if peek == UInt8(ascii: "-") { offset += 1 }
        if peek == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            offset += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { offset += 1 }
            try digits()
        }
        if let byte = peek, (0x30...0x39).contains(byte) {
            throw fault("a number begins with a zero")
        }
    }

    private mutating func digits() throws {
        let start = offset
        while let byte = peek, (0x30...0x39).contains(byte) { offset += 1 }
        if offset == start { throw expected("a value") }
    }

    private mutating func escape(into content: inout [UInt8]) throws {
        guard let byte = peek else { throw fault("the text ends inside a string") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var value = try codeUnit()
            if (0xd800..<0xdc00).contains(value), peek == UInt8(ascii: "\\") {
                offset += 1
                try expect(UInt8(ascii: "u"))
                let low = try codeUnit()
                guard (0xdc00..<0xe000).contains(low) else { throw fault("a lone surrogate") }
                value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = UnicodeScalar(value) else { throw fault("a lone surrogate") }
            content.append(contentsOf: UTF8.encode(scalar)!)
        default:
            offset -= 1
            throw fault("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw expected("four hexadecimal digits")
            }
            offset += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private func text<Bytes: Collection<UInt8>>(_ content: Bytes, _ start: Int) throws -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Fault(offset: start, reason: "a string is not valid UTF-8")
        }
        return text
    }
}
