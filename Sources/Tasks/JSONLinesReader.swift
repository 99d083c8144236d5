import Foundation
import Support

/// Rows of a file with a JSON object in each line.
///
/// The text must be a string; the label a string, a whole number or a truth value.
struct JSONLinesReader: RowReader {
    private let bytes: UnsafeRawBufferPointer
    private var lines: LineScanner
    private let decoder = JSONDecoder()
    private let columns: TaskDefinition.Columns

    init(
        _ bytes: UnsafeRawBufferPointer, definition: TaskDefinition, maximumBytes: Int
    ) {
        self.bytes = bytes
        columns = definition.columns
        let start = bytes.starts(with: Bytes.byteOrderMark) ? 3 : 0
        lines = LineScanner(bytes, from: start, maximumBytes: maximumBytes)
        decoder.userInfo[JSONRow.columnsKey] = columns
    }

    var labelColumn: BadRow.Column { BadRow.Column(number: nil, name: columns.label) }

    mutating func next() -> RowOutcome? {
        while let record = lines.next() {
            if let problem = Self.problem(with: record, in: bytes) {
                return .bad(line: record.line, column: nil, reason: problem.reason)
            }
            let content = Bytes.trim(record.range, in: bytes)
            if content.isEmpty { continue }
            return decode(Data(UnsafeRawBufferPointer(rebasing: bytes[content])), record.line)
        }
        return nil
    }

    private func decode(_ data: Data, _ line: Int) -> RowOutcome {
        func bad(_ key: String?, _ reason: BadRow.Reason) -> RowOutcome {
            let column = key.map { BadRow.Column(number: nil, name: $0) }
            return .bad(line: line, column: column, reason: reason)
        }
        do {
            let row = try decoder.decodeChecked(JSONRow.self, from: data)
            for (key, text) in [(columns.text, row.text), (columns.pair ?? "", row.pair)] {
                guard let text else { continue }
                if text.isBlank { return bad(key, .emptyText) }
                if text.unicodeScalars.contains("\0") {
                    return bad(key, .nulCharacter(line: nil, byte: nil))
                }
            }
            if row.label.isBlank { return bad(columns.label, .emptyLabel) }
            let fields = RowFields(
                text: row.text ?? "", pair: row.pair, label: row.label)
            return .row(line: line, fields)
        } catch let error as JSONRow.Problem {
            return bad(error.key, error.reason)
        } catch {
            return bad(nil, .invalidJSON(problem: Self.describe(error)))
        }
    }

    /// The innermost description that Foundation gives.
    private static func describe(_ error: any Error) -> String {
        guard case .dataCorrupted(let context)? = error as? DecodingError else {
            return "\(error)".excerpt
        }
        guard let inner = context.underlyingError as NSError? else {
            return context.debugDescription.excerpt
        }
        let text = inner.userInfo[NSDebugDescriptionErrorKey] as? String
        return text?.excerpt ?? context.debugDescription.excerpt
    }
}

/// The columns of a task in a JSON object.
private struct JSONRow: Decodable {
    static let columnsKey = CodingUserInfoKey(rawValue: "columns")!

    struct Problem: Error {
        var key: String?
        var reason: BadRow.Reason
    }

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var text: String?
    var pair: String?
    var label: String

    init(from decoder: any Decoder) throws {
        guard let columns = decoder.userInfo[Self.columnsKey] as? TaskDefinition.Columns,
            let object = try? decoder.container(keyedBy: Key.self)
        else { throw Problem(key: nil, reason: .notAnObject) }
        text = try Self.string(columns.text, in: object)
        pair = try columns.pair.map { try Self.string($0, in: object) }
        label = try Self.label(columns.label, in: object)
    }

    private static func string(
        _ name: String, in object: KeyedDecodingContainer<Key>
    ) throws -> String {
        let key = try present(name, in: object)
        if let text = try decode(String.self, key, in: object) { return trimmed(text) }
        throw Problem(
            key: name, reason: .wrongType(expected: "a string", found: kind(of: key, in: object)))
    }

    private static func label(
        _ name: String, in object: KeyedDecodingContainer<Key>
    ) throws -> String {
        let key = try present(name, in: object)
        if let text = try decode(String.self, key, in: object) { return trimmed(text) }
        if let number = try? object.decode(Int.self, forKey: key) { return String(number) }
        if let truth = try? object.decode(Bool.self, forKey: key) { return String(truth) }
        throw Problem(
            key: name,
            reason: .wrongType(
                expected: "a string or a whole number", found: kind(of: key, in: object)))
    }

    /// `nil` for a value of another type; a value that is broken in itself throws.
    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ key: Key, in object: KeyedDecodingContainer<Key>
    ) throws -> Value? {
        do {
            return try object.decode(type, forKey: key)
        } catch DecodingError.typeMismatch {
            return nil
        } catch DecodingError.valueNotFound {
            return nil
        }
    }

    private static func present(
        _ name: String, in object: KeyedDecodingContainer<Key>
    ) throws -> Key {
        let key = Key(stringValue: name)
        if object.contains(key) { return key }
        let names = object.allKeys.map(\.stringValue).sorted()
        throw Problem(
            key: name, reason: .missingKey(suggestion: closestMatch(to: name, in: names)))
    }

    private static func kind(of key: Key, in object: KeyedDecodingContainer<Key>) -> String {
        if (try? object.decodeNil(forKey: key)) == true { return "null" }
        if (try? object.decode(Bool.self, forKey: key)) != nil { return "true or false" }
        if (try? object.decode(Double.self, forKey: key)) != nil { return "a number" }
        if (try? object.decode(String.self, forKey: key)) != nil { return "a string" }
        if (try? object.nestedUnkeyedContainer(forKey: key)) != nil { return "an array" }
        return "an object"
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        return text.withUTF8 { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            return Bytes.text(Bytes.trim(0..<bytes.count, in: bytes), in: bytes)
        }
    }
}
