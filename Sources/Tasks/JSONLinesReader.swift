import Metrics
import Support

/// Rows of a file with a JSON object in each line, or with one array of objects.
///
/// A text must be a string; a label a string, a number as it is written, or a truth value.
struct JSONLinesReader: RowReader {
    private let bytes: UnsafeRawBufferPointer
    private var records: JSONRecords
    private let columns: TaskDefinition.Columns
    private let target: TargetKind

    init(
        _ bytes: UnsafeRawBufferPointer, definition: TaskDefinition, maximumBytes: Int
    ) {
        self.bytes = bytes
        columns = definition.columns
        target = definition.target
        records = JSONRecords(bytes, maximumBytes: maximumBytes)
    }

    /// Refuses a file that has objects over several lines, of which no line is a row.
    /// - Throws: ``TaskError/fileKind(path:found:advice:)``.
    func checkLines(path: String) throws { try records.checkLines(bytes, path: path) }

    var labelColumn: BadRow.Column { BadRow.Column(number: nil, name: columns.label) }

    mutating func next() -> RowOutcome? {
        while let record = records.next() {
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
            guard let row = try JSONRow(UnsafeRawBufferPointer(rebasing: bytes[content])) else {
                throw Problem(key: nil, reason: .notAnObject)
            }
            let fields = RowFields(
                text: try text(columns.textColumns, in: row),
                pair: try columns.pair == nil ? nil : text(columns.pairColumns, in: row),
                label: try label(in: row))
            return .row(line: record.line, fields)
        } catch let problem as Problem {
            let column = problem.key.map { BadRow.Column(number: nil, name: $0) }
            return .bad(line: record.line, column: column, reason: problem.reason)
        } catch let fault as JSONReader.Fault {
            return .bad(
                line: record.line,
                column: fault.name.map { BadRow.Column(number: nil, name: $0) },
                reason: .invalidJSON(
                    problem: fault.reason + place(of: content.lowerBound + fault.offset, record)))
        } catch {
            preconditionFailure("an unexpected error: \(error)")
        }
    }

    /// An element of an array may have several lines, and others before it in its line.
    private func place(of offset: Int, _ record: Record) -> String {
        guard records.isArray else {
            return " at byte \(offset - record.range.lowerBound + 1) of the line"
        }
        var start = record.range.lowerBound
        while start > 0, bytes[start - 1] != Bytes.newline { start -= 1 }
        let place = Bytes.lineAndByte(of: offset, in: bytes, from: start, line: record.line)
        return " at byte \(place.byte) of line \(place.line)"
    }

    private struct Problem: Error {
        var key: String?
        var reason: BadRow.Reason
    }

    private func text(_ keys: [String], in row: JSONRow) throws -> String {
        try keys.map { try text($0, in: row) }.joined(separator: TaskDefinition.Columns.joint)
    }

    private func text(_ key: String, in row: JSONRow) throws -> String {
        let value = try present(key, in: row)
        guard case .string(let string) = value else {
            throw Problem(key: key, reason: .wrongType(expected: "a string", found: value.found))
        }
        let text = RowRules.trimmed(string)
        if let reason = RowRules.fault(ofText: text) { throw Problem(key: key, reason: reason) }
        return text
    }

    private func label(in row: JSONRow) throws -> RowLabel {
        let key = columns.label
        let value = try present(key, in: row)
        let label: String
        switch value {
        case .string(let string): label = RowRules.trimmed(string)
        case .number(let text), .truth(let text): label = text
        case .array where target == .labels:
            return .list(
                try row.elements(at: key).map { element in
                    switch element {
                    case .string(let text), .number(let text), .truth(let text): return text
                    case .nothing, .array, .object:
                        throw Problem(
                            key: key,
                            reason: .wrongType(
                                expected: "a list of labels", found: "\(element.found) in it"))
                    }
                })
        case .nothing, .array, .object:
            let expected =
                target == .labels
                ? "a list of labels, or a string" : "a string, a number, true or false"
            throw Problem(key: key, reason: .wrongType(expected: expected, found: value.found))
        }
        if let reason = RowRules.fault(ofLabel: label),
            reason != .emptyLabel || target != .labels
        {
            throw Problem(key: key, reason: reason)
        }
        return .text(label)
    }

    private func present(_ key: String, in row: JSONRow) throws -> JSONField {
        if let value = try row.value(at: key) { return value }
        let paths = row.paths
        throw Problem(
            key: key,
            reason: .missingKey(suggestion: closestMatch(to: key, in: paths), found: paths))
    }
}
