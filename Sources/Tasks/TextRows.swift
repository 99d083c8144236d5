import Foundation
import Support

/// Texts to classify, as they arrive: rows without labels, read by the rules that hold for rows of a
/// task, so that nothing is classified which could not have been trained on.
///
///     var rows = TextRows(.lines, text: "text", pair: nil)
///     for row in try rows.add(bytes, isLast: false) { ... }
///
/// Bytes may come in pieces of any size; a row is given out as soon as its line end is there.
public struct TextRows {
    /// How texts are separated.
    public enum Format: String, Sendable, CaseIterable {
        /// A text on each line; in pairs, with a tab between the two.
        case text
        /// Comma-separated values with a header; or with semicolons, tabs or bars, if only those give
        /// the columns.
        case csv
        /// Tab-separated values with a header, without quoting, as in GLUE.
        case tsv
        /// A JSON object on each line, or one array of objects, which is read whole.
        case jsonl
    }

    /// What a row turned out to be.
    public enum Row: Sendable, Hashable {
        /// One text or two.
        case text(line: Int, String, pair: String?)
        /// `line` is where it begins, from 1.
        case bad(line: Int, column: BadRow.Column?, reason: BadRow.Reason)
    }

    /// The longest row.
    public static let maximumBytes = 1 << 20

    private let format: Format
    private let name: String
    private let columns: TaskDefinition.Columns
    /// Bytes that do not make a row yet.
    private var pending: [UInt8] = []
    /// Lines before those.
    private var linesBefore = 0
    private var isFirst = true
    private var isArray = false
    /// Between the values of CSV; known with the header.
    private var delimiter = Delimiter.comma
    /// Whether the delimiter is what Excel's `sep=;` says; `nil` until that is known.
    private var isDelimiterDeclared: Bool?
    /// The first record of a file that has a header, with everything before it but such a line.
    private var header: [UInt8]?

    /// - Parameters:
    ///   - name: what messages call the file.
    ///   - text: the column, or key, of the text; no matter where texts are on lines.
    ///   - pair: that of the second text; `nil` where texts are single.
    public init(_ format: Format, name: String, text: String, pair: String?) {
        self.format = format
        self.name = name
        // Readers want a label; the text is one that every row has.
        columns = TaskDefinition.Columns(text: text, pair: pair, label: text)
    }

    /// Takes the next bytes and gives the rows that are complete with them.
    /// - Parameter isLast: whether nothing follows.
    /// - Throws: ``TaskError`` where a header lacks a column.
    /// - Complexity: linear in the bytes; a row that comes in many pieces is looked at again with
    ///   each of them.
    public mutating func add(_ bytes: some Sequence<UInt8>, isLast: Bool) throws -> [Row] {
        pending += bytes
        if isFirst {
            // A byte-order mark may arrive in pieces.
            guard isLast || pending.count >= Bytes.byteOrderMark.count else { return [] }
            if pending.starts(with: Bytes.byteOrderMark) {
                pending.removeFirst(Bytes.byteOrderMark.count)
            }
            isFirst = false
            try refuseOtherKinds()
            isArray =
                format == .jsonl
                && pending.withUnsafeBytes { JSONArrayScanner.start($0, from: 0) != nil }
        }
        if format == .csv, isDelimiterDeclared == nil, !takeDeclaration(isLast: isLast) {
            return []
        }
        if format == .csv || format == .tsv, header == nil {
            guard let end = firstRecord(isLast: isLast) else { return [] }
            header = Array(pending[..<end])
            if format == .csv, isDelimiterDeclared == false {
                // From the header alone: how much of the rows has come is chance.
                delimiter = (header ?? []).withUnsafeBytes { bytes in
                    Delimiter.guess(
                        bytes, from: 0, definition(.csv), maximumBytes: Self.maximumBytes)
                }
            }
            linesBefore = linesBeforeHeader + lines(in: header ?? [])
            pending.removeFirst(end)
        }
        let (end, count) = isLast ? (pending.count, Int.max) : complete()
        // A header without its rows is still worth a look: it may lack the columns.
        let hasHeader =
            header != nil && linesBefore == linesBeforeHeader + lines(in: header ?? [])
        guard end > 0 || hasHeader else { return [] }
        defer {
            linesBefore += lines(in: Array(pending[..<end]))
            pending.removeFirst(end)
        }
        // What is wrong with a quote may lie beyond the line that it spoils: readers see all.
        return Array(try rows(of: format == .csv ? pending : Array(pending[..<end])).prefix(count))
    }

    /// Files are decoded before their rows are read; what arrives in pieces is not.
    /// - Throws: ``TaskError/fileKind(path:found:advice:)``.
    private func refuseOtherKinds() throws {
        try pending.withUnsafeBytes { bytes in
            let found: (String, String)?
            if Gzip.isGzip(bytes) {
                found = ("gzip", "give it as a file, or: gunzip -c | knas predict")
            } else if UTF16Text.order(bytes) != nil {
                found = ("UTF-16", "give it as a file, or: iconv -f UTF-16 -t UTF-8 | knas predict")
            } else {
                found = FileKind.of(bytes).map { ($0.name, $0.advice(for: name)) }
            }
            guard let found else { return }
            throw TaskError.fileKind(path: name, found: found.0, advice: found.1)
        }
    }

    /// Takes Excel's line `sep=;`, if there is one.
    /// - Returns: whether enough has come to know.
    private mutating func takeDeclaration(isLast: Bool) -> Bool {
        let start = Array("sep=".utf8)
        let isPossible = pending.starts(with: start) || start.starts(with: pending)
        guard isLast || !isPossible || pending.contains(Bytes.newline) else { return false }
        let declared = pending.withUnsafeBytes { Delimiter.declared(in: $0, from: 0) }
        if let declared {
            delimiter = declared.delimiter
            pending.removeFirst(declared.next)
        }
        isDelimiterDeclared = declared != nil
        return true
    }

    private var linesBeforeHeader: Int { isDelimiterDeclared == true ? 1 : 0 }

    private func lines(in bytes: [UInt8]) -> Int { bytes.count { $0 == Bytes.newline } }

    // MARK: Where rows end

    /// The rows whose line ends are there: their bytes, and how many they are at most.
    private func complete() -> (end: Int, count: Int) {
        if isArray { return (0, 0) }
        guard format == .csv else {
            return ((pending.lastIndex(of: Bytes.newline) ?? -1) + 1, .max)
        }
        var (end, count) = (0, 0)
        forEachRecord { _, next in
            (end, count) = (next, count + 1)
            return true
        }
        return (end, count)
    }

    /// End of the first record; `nil` where it is not complete.
    private func firstRecord(isLast: Bool) -> Int? {
        var end: Int?
        forEachRecord { _, next in
            end = next
            return false
        }
        return end ?? (isLast ? pending.count : nil)
    }

    /// Calls `body` with the records that end with a line end, and where they end, until it says no.
    private func forEachRecord(_ body: (Record, Int) -> Bool) {
        pending.withUnsafeBytes { bytes in
            switch format {
            case .csv:
                visit(
                    CSVTokenizer(
                        bytes, from: 0, maximumBytes: Self.maximumBytes, delimiter: delimiter))
            case .tsv, .text, .jsonl:
                visit(TSVTokenizer(bytes, from: 0, maximumBytes: Self.maximumBytes))
            }
            func visit(_ tokenizer: some FieldTokenizer) {
                var tokenizer = tokenizer
                var fields: [FieldRange] = []
                while let record = tokenizer.next(&fields) {
                    // The quote may be closed by what is still to come.
                    if case .unterminatedQuote? = record.problem?.reason { return }
                    var end = record.range.upperBound
                    if end < bytes.count, bytes[end] == Bytes.carriageReturn { end += 1 }
                    guard end < bytes.count, bytes[end] == Bytes.newline else { return }
                    guard body(record, end + 1) else { return }
                }
            }
        }
    }

    // MARK: Rows

    private func rows(of ready: [UInt8]) throws -> [Row] {
        let bytes = (header ?? []) + ready
        // Readers count from the header, which is given to them each time.
        let shift = linesBefore - lines(in: header ?? [])
        return try bytes.withUnsafeBytes { bytes in
            switch format {
            case .text: return plainRows(bytes)
            case .csv: return try delimited(bytes, CSVTokenizer.self, shift)
            case .tsv: return try delimited(bytes, TSVTokenizer.self, shift)
            case .jsonl:
                return collect(
                    JSONLinesReader(
                        bytes, definition: definition(.jsonl), maximumBytes: Self.maximumBytes),
                    shift)
            }
        }
    }

    private func delimited<Tokenizer: FieldTokenizer>(
        _ bytes: UnsafeRawBufferPointer, _ tokenizer: Tokenizer.Type, _ shift: Int
    ) throws -> [Row] {
        // A file with nothing in it has no texts, which is no mistake.
        guard bytes.contains(where: { !Bytes.isLineEnd($0) }) else { return [] }
        return collect(
            try DelimitedRowReader<Tokenizer>(
                bytes, delimiter: format == .csv ? delimiter : .tab, path: name, split: .test,
                definition: definition(format == .csv ? .csv : .tsv),
                maximumBytes: Self.maximumBytes),
            shift)
    }

    private func collect(_ reader: some RowReader, _ shift: Int) -> [Row] {
        var reader = reader
        var rows: [Row] = []
        while let outcome = reader.next() {
            switch outcome {
            case .row(let line, let fields):
                rows.append(.text(line: line + shift, fields.text, pair: fields.pair))
            case .bad(let line, let column, let reason):
                rows.append(
                    .bad(line: line + shift, column: column, reason: reason.moved(by: shift)))
            }
        }
        return rows
    }

    private func definition(_ format: DataFormat) -> TaskDefinition {
        TaskDefinition(
            url: URL(fileURLWithPath: "/"), name: name, description: "", source: "",
            format: format, hasHeader: true, columns: columns, labels: nil, positive: nil,
            metrics: nil, pairing: nil, train: [name], dev: .files([name]), test: .files([name]),
            limit: nil, maximumTokens: nil,
            metricsPlace: TaskDefinition.Place(line: 1, column: 1))
    }

    // MARK: Texts on lines

    /// Unlike in a table, a blank line stands where a text should be.
    private func plainRows(_ bytes: UnsafeRawBufferPointer) -> [Row] {
        var rows: [Row] = []
        var start = 0
        var line = linesBefore
        while start < bytes.count {
            let end = Bytes.endOfLine(start, in: bytes)
            line += 1
            let length = end > start && bytes[end - 1] == Bytes.carriageReturn ? 1 : 0
            rows.append(plainRow(bytes, start..<end - length, line))
            start = end + 1
        }
        return rows
    }

    private func plainRow(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ line: Int
    ) -> Row {
        func bad(_ column: Int?, _ reason: BadRow.Reason) -> Row {
            .bad(
                line: line, column: column.map { BadRow.Column(number: $0, name: nil) },
                reason: reason)
        }
        var record = Record(line: line, range: range)
        if range.count > Self.maximumBytes {
            record.problem = (nil, .tooLong(limit: Self.maximumBytes))
        }
        if let problem = JSONLinesReader.problem(with: record, in: bytes) {
            return bad(nil, problem.reason)
        }
        let tab = UInt8(ascii: "\t")
        guard columns.pair != nil else {
            let text = Bytes.text(Bytes.trim(range, in: bytes), in: bytes)
            return text.isBlank ? bad(nil, .emptyText) : .text(line: line, text, pair: nil)
        }
        let tabs = range.filter { bytes[$0] == tab }
        guard tabs.count == 1 else {
            let found = tabs.count + 1
            return bad(
                nil,
                found < 2
                    ? .tooFewColumns(expected: 2, found: found)
                    : .tooManyColumns(expected: 2, found: found))
        }
        let texts = [range.lowerBound..<tabs[0], tabs[0] + 1..<range.upperBound]
            .map { Bytes.text(Bytes.trim($0, in: bytes), in: bytes) }
        if let empty = texts.firstIndex(where: \.isBlank) { return bad(empty + 1, .emptyText) }
        return .text(line: line, texts[0], pair: texts[1])
    }
}

extension Bytes {
    fileprivate static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == newline || byte == carriageReturn
    }
}

extension BadRow.Reason {
    /// The same, so many lines further down.
    fileprivate func moved(by lines: Int) -> BadRow.Reason {
        switch self {
        case .invalidUTF8(let line, let byte): .invalidUTF8(line: line + lines, byte: byte)
        case .loneSurrogate(let line, let byte):
            .loneSurrogate(line: line + lines, byte: byte)
        case .nulCharacter(let line, let byte):
            .nulCharacter(line: line.map { $0 + lines }, byte: byte)
        case .strayQuote(let line, let byte): .strayQuote(line: line + lines, byte: byte)
        case .unterminatedQuote(let line, let byte):
            .unterminatedQuote(line: line + lines, byte: byte)
        default: self
        }
    }
}
