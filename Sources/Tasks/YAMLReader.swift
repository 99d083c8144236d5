import Foundation
import Support
import Yams

/// A YAML document read as hostile input: bounded in size and aliases, every error with its
/// location.
struct YAMLDocument {
    static let maximumBytes = 1 << 20
    /// Aliases of aliases multiply; with these few the product stays small.
    static let maximumAliases = 8

    let path: String
    let root: Node

    init(_ url: URL) throws {
        let file = try MappedFile(url)
        path = url.path
        guard file.count <= Self.maximumBytes else {
            throw TaskError.definition(
                path: path, line: 1, column: 1,
                problem: "the file has \(file.count) bytes; a task file has at most "
                    + "\(Self.maximumBytes)")
        }
        var bytes = file.bytes[...]
        if bytes.starts(with: Bytes.byteOrderMark) { bytes = bytes.dropFirst(3) }
        let content = UnsafeRawBufferPointer(rebasing: bytes)
        if let offset = Bytes.firstInvalidUTF8(content) {
            let (line, byte) = Bytes.lineAndByte(of: offset, in: content)
            throw TaskError.definition(
                path: path, line: line, column: byte, problem: "this byte is not valid UTF-8")
        }
        if Self.countAliases(content) > Self.maximumAliases {
            throw TaskError.definition(
                path: path, line: 1, column: 1,
                problem: "more than \(Self.maximumAliases) YAML aliases (words that begin with *)")
        }
        let text = String(decoding: content, as: UTF8.self)
        withExtendedLifetime(file) {}
        root = try Self.compose(text, path: path)
    }

    private static func compose(_ text: String, path: String) throws -> Node {
        do {
            if let node = try Yams.compose(yaml: text, .default, .default, .utf8) { return node }
        } catch let error as YamlError {
            let place = place(of: error, in: text)
            throw TaskError.definition(
                path: path, line: place.line, column: place.column, problem: place.problem)
        }
        throw TaskError.definition(path: path, line: 1, column: 1, problem: "the file is empty")
    }

    /// Words that could be an alias. Some are text; that errs on the safe side.
    private static func countAliases(_ bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "*") {
            let before = index == 0 ? UInt8(ascii: "\n") : bytes[index - 1]
            let after = index + 1 == bytes.count ? UInt8(ascii: " ") : bytes[index + 1]
            let isWord = Character(Unicode.Scalar(after)).isLetter || after >= 0x80
            let isNumber = (0x30...0x39).contains(after) || after == UInt8(ascii: "_")
            if isWord || isNumber || after == UInt8(ascii: "-"),
                " \t\r\n[{,:?".utf8.contains(before)
            {
                count += 1
            }
        }
        return count
    }

    private static func place(of error: YamlError, in text: String) -> (
        line: Int, column: Int, problem: String
    ) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = context.map { "\($0.text), " } ?? ""
            return (mark.line, mark.column, "YAML: " + place + problem)
        case .reader(let problem, let offset, _, _):
            guard let offset else { return (1, 1, "YAML: " + problem) }
            let lines = text.prefix(offset).split(
                separator: "\n", omittingEmptySubsequences: false)
            return (max(1, lines.count), (lines.last?.count ?? 0) + 1, "YAML: " + problem)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "`\($0.excerpt)`" }.joined(separator: ", ")
            return (context.mark.line, context.mark.column, "a key appears twice: \(names)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return (1, 1, "YAML: \(error)")
        }
    }
}

/// A mapping of a YAML document whose keys are known in advance.
struct YAMLMapping {
    let path: String
    /// What the mapping describes, for messages, e.g. `columns`; empty for the whole file.
    let subject: String
    private let node: Node
    private var values: [String: Node] = [:]

    /// - Throws: when the node is not a mapping, a key is not one of `keys`, or a key appears
    ///   twice.
    init(_ node: Node, path: String, subject: String, keys: [String]) throws {
        self.path = path
        self.subject = subject
        self.node = node
        guard case .mapping(let mapping) = node else {
            throw Self.error(
                path, node,
                "\(subject.isEmpty ? "a task file" : "`\(subject)`") must be a mapping of "
                    + "\(keys.joined(separator: ", ")), found \(node.kindName)")
        }
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw Self.error(path, key, "a key must be a word, found \(key.kindName)")
            }
            guard keys.contains(scalar.string) else {
                var problem = "unknown key `\(scalar.string.excerpt)`"
                if !subject.isEmpty { problem += " in `\(subject)`" }
                if let near = closestMatch(to: scalar.string, in: keys) {
                    problem += "; did you mean `\(near)`?"
                } else {
                    problem += "; known keys: \(keys.joined(separator: ", "))"
                }
                throw Self.error(path, key, problem)
            }
            guard values.updateValue(value, forKey: scalar.string) == nil else {
                throw Self.error(path, key, "a key appears twice: `\(scalar.string)`")
            }
        }
    }

    subscript(key: String) -> Node? { values[key] }

    func has(_ key: String) -> Bool { values[key] != nil }

    /// The text of a scalar, `nil` when the key is absent.
    func string(_ key: String) throws -> String? {
        guard let node = values[key] else { return nil }
        return try Self.text(of: node, path: path, subject: full(key), expected: "text")
    }

    func requiredString(_ key: String) throws -> String {
        guard let text = try string(key) else { throw missing(key) }
        return text
    }

    func boolean(_ key: String) throws -> Bool? {
        try value(key, "true or false") { ["true": true, "false": false][$0] }
    }

    func integer<Number: FixedWidthInteger>(_ key: String, atLeast: Number) throws -> Number? {
        try value(key, "a whole number from \(atLeast)") {
            Number($0).flatMap { $0 >= atLeast ? $0 : nil }
        }
    }

    /// A number above 0 and below 1.
    func fraction(_ key: String) throws -> Double? {
        try value(key, "a number between 0 and 1") {
            Double($0).flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
        }
    }

    private func value<Value>(
        _ key: String, _ expected: String, _ read: (String) -> Value?
    ) throws -> Value? {
        guard let node = values[key] else { return nil }
        let text = try Self.text(of: node, path: path, subject: full(key), expected: expected)
        guard let value = read(text) else { throw wrong(key, expected: expected, found: text) }
        return value
    }

    /// One of the names of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) throws -> Choice? where Choice.RawValue == String {
        guard let node = values[key] else { return nil }
        return try Self.choice(node, path: path, subject: full(key), type)
    }

    func missing(_ key: String) -> TaskError {
        Self.error(path, node, "the key `\(full(key))` is missing")
    }

    func wrong(_ key: String, expected: String, found: String) -> TaskError {
        error(at: key, "`\(full(key))` must be \(expected), found `\(found.excerpt)`")
    }

    /// An error at the value of a key.
    func error(at key: String, _ problem: String) -> TaskError {
        Self.error(path, values[key] ?? node, problem)
    }

    /// Where the value of a key is.
    func place(of key: String) -> TaskDefinition.Place {
        let mark = (values[key] ?? node).mark
        return TaskDefinition.Place(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    func full(_ key: String) -> String { subject.isEmpty ? key : "\(subject).\(key)" }

    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ node: Node, path: String, subject: String, _ type: Choice.Type
    ) throws -> Choice where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        let expected = "one of " + names.joined(separator: ", ")
        let text = try text(of: node, path: path, subject: subject, expected: expected)
        if let choice = Choice(rawValue: text) { return choice }
        let hint = closestMatch(to: text, in: names).map { "; did you mean `\($0)`?" } ?? ""
        throw error(
            path, node, "`\(subject)` must be \(expected), found `\(text.excerpt)`" + hint)
    }

    static func text(
        of node: Node, path: String, subject: String, expected: String
    ) throws -> String {
        guard case .scalar(let scalar) = node else {
            throw error(path, node, "`\(subject)` must be \(expected), found \(node.kindName)")
        }
        let isNull = scalar.style == .plain && ["", "~"].contains(scalar.string)
        guard !isNull, !scalar.string.allSatisfy(\.isWhitespace) else {
            throw error(path, node, "`\(subject)` must be \(expected), found nothing")
        }
        guard !scalar.string.unicodeScalars.contains("\0") else {
            throw error(path, node, "`\(subject)` holds a NUL character")
        }
        return scalar.string
    }

    static func error(_ path: String, _ node: Node, _ problem: String) -> TaskError {
        TaskError.definition(
            path: path, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1,
            problem: problem)
    }
}

extension Node {
    /// What the node is, for messages.
    var kindName: String {
        switch self {
        case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "`\(scalar.string.excerpt)`"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
