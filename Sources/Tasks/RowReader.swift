import Support

/// The fields of a row that a task reads.
struct RowFields {
    var text: String
    var pair: String?
    var label: RowLabel
}

/// What a record turned out to be.
enum RowOutcome {
    /// A row; `line` is where it begins, from 1.
    case row(line: Int, RowFields)
    /// A bad row; `line` is where it begins, from 1.
    case bad(line: Int, column: BadRow.Column?, reason: BadRow.Reason)
}

/// Reads the rows of a data file, one after another.
protocol RowReader {
    /// `nil` at the end of the file.
    mutating func next() -> RowOutcome?
}

extension RowReader {
    /// What all formats require of a record's bytes: length, UTF-8, no NUL.
    static func problem(
        with record: Record, in bytes: UnsafeRawBufferPointer
    ) -> (offset: Int?, reason: BadRow.Reason)? {
        if let problem = record.problem { return (nil, problem.reason) }
        let content = UnsafeRawBufferPointer(rebasing: bytes[record.range])
        if let offset = Bytes.firstInvalidUTF8(content) {
            let place = Bytes.lineAndByte(of: offset, in: content, line: record.line)
            // In UTF-8 half a surrogate pair begins with ED and a byte from A0 on.
            let isSurrogate =
                content[offset] == 0xed && offset + 1 < content.count
                && (0xa0...0xbf).contains(content[offset + 1])
            return (
                record.range.lowerBound + offset,
                isSurrogate
                    ? .loneSurrogate(line: place.line, byte: place.byte)
                    : .invalidUTF8(line: place.line, byte: place.byte)
            )
        }
        if let index = Bytes.firstIndex(of: 0, in: bytes, record.range) {
            let place = Bytes.lineAndByte(
                of: index, in: bytes, from: record.range.lowerBound, line: record.line)
            return (index, .nulCharacter(line: place.line, byte: place.byte))
        }
        return nil
    }
}

/// Rows of TSV and CSV files.
struct DelimitedRowReader<Tokenizer: FieldTokenizer>: RowReader {
    private let bytes: UnsafeRawBufferPointer
    private var tokenizer: Tokenizer
    private var fields: [FieldRange] = []
    /// Columns that every row must have.
    private let columnCount: Int
    /// Names of the columns, empty without a header.
    private let names: [String]
    private let textIndices: [Int]
    /// None in a task of single texts.
    private let pairIndices: [Int]
    private let labelIndex: Int
    /// Whether a row may have no label.
    private let allowsNone: Bool

    /// Reads the header, or counts the columns of the first row of a file without one.
    ///
    /// - Parameter start: where the rows begin; `nil`: after a byte-order mark.
    /// - Throws: ``TaskError`` when the header lacks a column.
    init(
        _ bytes: UnsafeRawBufferPointer, from start: Int? = nil,
        delimiter: Delimiter = Tokenizer.standard, path: String, split: Split,
        definition: TaskDefinition, maximumBytes: Int
    ) throws {
        self.bytes = bytes
        tokenizer = Tokenizer(
            bytes, from: start ?? Bytes.afterMark(bytes), maximumBytes: maximumBytes,
            delimiter: delimiter)
        // A copy reads ahead, so that the first row of a headerless file is read again as a row.
        var ahead = tokenizer
        var record = ahead.next(&fields)
        if !definition.hasHeader {
            while record?.problem != nil { record = ahead.next(&fields) }
        }
        guard let record else {
            throw TaskError.noRows(path: path, split: split, skipped: 0, first: nil)
        }
        let columns = definition.columns
        let roles =
            columns.textColumns.map { ("text", $0) } + columns.pairColumns.map { ("pair", $0) }
            + [("label", columns.label)]
        columnCount = fields.count
        var indices: [String: [Int]] = [:]
        if definition.hasHeader {
            tokenizer = ahead
            if let problem = Self.problem(with: record, in: bytes) {
                throw TaskError.badHeader(
                    path: path, line: record.line, problem: problem.reason.description)
            }
            let header = fields.map { FieldText.text($0, in: bytes) }
            names = header
            for (role, name) in roles {
                let matches = header.indices.filter { header[$0] == name }
                guard let index = matches.first else {
                    throw TaskError.headerLacksColumn(
                        path: path, line: record.line, role: role, column: name, found: header,
                        suggestion: closestMatch(to: name, in: header))
                }
                guard matches.count == 1 else {
                    throw TaskError.headerRepeatsColumn(
                        path: path, line: record.line, column: name)
                }
                indices[role, default: []].append(index)
            }
        } else {
            names = []
            for (role, name) in roles {
                guard let number = Int(name), (1...fields.count).contains(number) else {
                    throw TaskError.columnOutOfRange(
                        path: path, line: record.line, role: role, number: Int(name) ?? 0,
                        columns: fields.count)
                }
                indices[role, default: []].append(number - 1)
            }
        }
        textIndices = indices["text"] ?? []
        pairIndices = indices["pair"] ?? []
        labelIndex = indices["label"]?.first ?? 0
        allowsNone = definition.target == .labels
    }

    mutating func next() -> RowOutcome? {
        guard let record = tokenizer.next(&fields) else { return nil }
        func bad(_ index: Int?, _ reason: BadRow.Reason) -> RowOutcome {
            .bad(line: record.line, column: index.map(column), reason: reason)
        }
        if let problem = Self.problem(with: record, in: bytes) {
            let index =
                problem.offset.flatMap { offset in
                    fields.firstIndex { offset <= $0.range.upperBound }
                } ?? record.problem?.field
            return bad(index, problem.reason)
        }
        guard fields.count == columnCount else {
            if fields.count < columnCount {
                return bad(
                    fields.count, .tooFewColumns(expected: columnCount, found: fields.count))
            }
            return bad(nil, .tooManyColumns(expected: columnCount, found: fields.count))
        }
        let text: String
        let pair: String?
        do {
            text = try self.text(textIndices)
            pair = try pairIndices.isEmpty ? nil : self.text(pairIndices)
        } catch {
            return bad(error.index, error.reason)
        }
        let label = FieldText.text(fields[labelIndex], in: bytes)
        if let reason = RowRules.fault(ofLabel: label), reason != .emptyLabel || !allowsNone {
            return bad(labelIndex, reason)
        }
        return .row(line: record.line, RowFields(text: text, pair: pair, label: .text(label)))
    }

    private struct Fault: Error {
        var index: Int
        var reason: BadRow.Reason
    }

    /// The texts of columns, joined.
    private func text(_ indices: [Int]) throws(Fault) -> String {
        var joined = ""
        for index in indices {
            let text = FieldText.text(fields[index], in: bytes)
            if let reason = RowRules.fault(ofText: text) {
                throw Fault(index: index, reason: reason)
            }
            joined = joined.isEmpty ? text : joined + TaskDefinition.Columns.joint + text
        }
        return joined
    }

    /// The column of an index, for messages.
    private func column(_ index: Int) -> BadRow.Column {
        BadRow.Column(
            number: index + 1, name: names.indices.contains(index) ? names[index] : nil)
    }

    /// The label's column, for messages.
    var labelColumn: BadRow.Column { column(labelIndex) }
}
