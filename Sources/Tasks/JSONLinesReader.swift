import Support

/// Rows of a file with a JSON object in each line.
///
/// The text must be a string; the label a string, a whole number or a truth value.
struct JSONLinesReader: RowReader {
    private let bytes: UnsafeRawBufferPointer
    private var lines: LineScanner
    private let columns: TaskDefinition.Columns

    init(
        _ bytes: UnsafeRawBufferPointer, definition: TaskDefinition, maximumBytes: Int
    ) {
        self.bytes = bytes
        columns = definition.columns
        let start = bytes.starts(with: Bytes.byteOrderMark) ? 3 : 0
        lines = LineScanner(bytes, from: start, maximumBytes: maximumBytes)
    }

    var labelColumn: BadRow.Column { BadRow.Column(number: nil, name: columns.label) }

    mutating func next() -> RowOutcome? {
        while let record = lines.next() {
            if let problem = Self.problem(with: record, in: bytes) {
                return .bad(line: record.line, column: nil, reason: problem.reason)
            }
            let content = Bytes.trim(record.range, in: bytes)
            if content.isEmpty { continue }
            return read(content, record)
        }
        return nil
    }

    private func read(_ content: Range<Int>, _ record: Record) -> RowOutcome {
        do {
            let json = try JSON(UnsafeRawBufferPointer(rebasing: bytes[content]))
            guard case .object(let members) = json else {
                throw Problem(key: nil, reason: .notAnObject)
            }
            let fields = RowFields(
                text: try text(columns.text, in: members),
                pair: try columns.pair.map { try text($0, in: members) },
                label: try label(in: members))
            return .row(line: record.line, fields)
        } catch let problem as Problem {
            let column = problem.key.map { BadRow.Column(number: nil, name: $0) }
            return .bad(line: record.line, column: column, reason: problem.reason)
        } catch let fault as JSONReader.Fault {
            let byte = content.lowerBound - record.range.lowerBound + fault.offset + 1
            return .bad(
                line: record.line, column: nil,
                reason: .invalidJSON(problem: "\(fault.reason) at byte \(byte) of the line"))
        } catch {
            preconditionFailure("an unexpected error: \(error)")
        }
    }

    private typealias Members = [(key: String, value: JSON)]

    private struct Problem: Error {
        var key: String?
        var reason: BadRow.Reason
    }

    private func text(_ key: String, in members: Members) throws -> String {
        let value = try present(key, in: members)
        guard let string = value.string else {
            throw Problem(key: key, reason: .wrongType(expected: "a string", found: value.kind))
        }
        let text = Self.trimmed(string)
        if text.isBlank { throw Problem(key: key, reason: .emptyText) }
        if text.unicodeScalars.contains("\0") {
            throw Problem(key: key, reason: .nulCharacter(line: nil, byte: nil))
        }
        return text
    }

    private func label(in members: Members) throws -> String {
        let key = columns.label
        let value = try present(key, in: members)
        if let number = value.integer { return String(number) }
        if let truth = value.bool { return String(truth) }
        guard let string = value.string else {
            let expected = "a string or a whole number"
            throw Problem(key: key, reason: .wrongType(expected: expected, found: value.kind))
        }
        let label = Self.trimmed(string)
        if label.isBlank { throw Problem(key: key, reason: .emptyLabel) }
        return label
    }

    private func present(_ key: String, in members: Members) throws -> JSON {
        if let member = members.first(where: { $0.key == key }) { return member.value }
        let suggestion = closestMatch(to: key, in: members.map(\.key).sorted())
        throw Problem(key: key, reason: .missingKey(suggestion: suggestion))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        return text.withUTF8 { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            return Bytes.text(Bytes.trim(0..<bytes.count, in: bytes), in: bytes)
        }
    }
}
