import Support

/// A value of a JSON text, as far as a row needs it.
enum JSONField {
    case string(String)
    /// As it is written: a label `1.0` is the same in JSON and in CSV.
    case number(String)
    /// `true` and `false`.
    case truth(String)
    /// `null`, `NaN`, `Infinity` and `-Infinity`.
    case nothing(String)
    case array
    case object

    /// What was found, for messages.
    var found: String {
        switch self {
        case .string(let text): "the string \"\(text.excerpt)\""
        case .number(let text): "the number \(text.excerpt)"
        case .truth(let word), .nothing(let word): word
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// An object of a JSON text. What nobody asks for is checked but not kept, so a number there may have
/// any size.
struct JSONRow {
    private let bytes: UnsafeRawBufferPointer
    private let members: [Member]

    private typealias Member = (key: String, value: Range<Int>)

    /// - Returns: `nil` for a value that is not an object.
    /// - Throws: `JSONReader.Fault`.
    init?(_ bytes: UnsafeRawBufferPointer) throws {
        self.bytes = bytes
        var reader = JSONReader(bytes)
        reader.skipsNonFinite = true
        let value = try reader.extent()
        try reader.end()
        guard bytes[value.lowerBound] == UInt8(ascii: "{") else { return nil }
        members = try Self.members(bytes, value)
    }

    /// The value of a key; where no key has this name, of a path of keys with dots between them, in
    /// which a number is a place in an array, from 0.
    /// - Throws: `JSONReader.Fault`.
    func value(at path: String) throws -> JSONField? {
        try find(path[...], in: members).map(field)
    }

    /// The elements of a list; none where there is no list.
    /// - Throws: `JSONReader.Fault`.
    func elements(at path: String) throws -> [JSONField] {
        guard let value = try find(path[...], in: members),
            bytes[value.lowerBound] == UInt8(ascii: "[")
        else { return [] }
        return try Self.elements(bytes, value).map(field)
    }

    private func find(_ path: Substring, in members: [Member]) throws -> Range<Int>? {
        if let member = members.first(where: { $0.key == path }) { return member.value }
        for member in members where path.utf8.starts(with: member.key.utf8) {
            let rest = path.utf8.dropFirst(member.key.utf8.count)
            guard rest.first == UInt8(ascii: "."),
                let found = try find(Substring(rest.dropFirst()), under: member.value)
            else { continue }
            return found
        }
        return nil
    }

    private func find(_ path: Substring, under value: Range<Int>) throws -> Range<Int>? {
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "{"): return try find(path, in: Self.members(bytes, value))
        case UInt8(ascii: "["):
            let parts = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let place = Int(parts[0]) else { return nil }
            let elements = try Self.elements(bytes, value)
            guard elements.indices.contains(place) else { return nil }
            return parts.count == 1 ? elements[place] : try find(parts[1], under: elements[place])
        default: return nil
        }
    }

    private func field(_ value: Range<Int>) throws -> JSONField {
        let part = UnsafeRawBufferPointer(rebasing: bytes[value])
        switch part.first {
        case UInt8(ascii: "\""):
            var reader = JSONReader(part)
            return .string(try reader.string())
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        default: break
        }
        let text = String(decoding: part, as: UTF8.self)
        switch text {
        case "true", "false": return .truth(text)
        case "null", "NaN", "Infinity", "-Infinity": return .nothing(text)
        default: return .number(text)
        }
    }

    // MARK: Parts

    private static func members(
        _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>
    ) throws -> [Member] {
        var members: [Member] = []
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[value]))
        reader.skipsNonFinite = true
        try reader.object { reader, key in
            let extent = try reader.extent()
            let start = value.lowerBound + extent.lowerBound
            members.append((key, start..<start + extent.count))
        }
        return members
    }

    private static func elements(
        _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>
    ) throws -> [Range<Int>] {
        var elements: [Range<Int>] = []
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[value]))
        reader.skipsNonFinite = true
        try reader.array { reader in
            let extent = try reader.extent()
            let start = value.lowerBound + extent.lowerBound
            elements.append(start..<start + extent.count)
        }
        return elements
    }

    /// The paths that there are, keys of objects in objects included, sorted; not more than fit a
    /// message.
    var paths: [String] {
        var paths: [String] = []
        collect(members, "", depth: 1, &paths)
        return paths.sorted()
    }

    private func collect(
        _ members: [Member], _ prefix: String, depth: Int, _ paths: inout [String]
    ) {
        for member in members where paths.count < 50 {
            let path = prefix + member.key
            let inner =
                depth < 4 && bytes[member.value.lowerBound] == UInt8(ascii: "{")
                ? (try? Self.members(bytes, member.value)) ?? [] : []
            if inner.isEmpty { paths.append(path) }
            collect(inner, path + ".", depth: depth + 1, &paths)
        }
    }
}
