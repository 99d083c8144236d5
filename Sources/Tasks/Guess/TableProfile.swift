import Foundation
import Support

/// What a data file looks like: its format, whether a first line names its columns, and what each column
/// holds.
struct TableProfile {
    /// How its rows are written.
    let format: DataFormat
    /// What is between the fields of a row; `nil` in JSON.
    let delimiter: Delimiter?
    /// Whether the first line names the columns.
    let hasHeader: Bool
    let columns: [ColumnProfile]
    /// The first good rows, for people: a value for each column.
    let rows: [[String]]
    /// What was done to read the file, for people.
    let changes: [String]
    let path: String

    /// Good rows.
    var rowCount: Int { columns.first?.rows ?? 0 }

    /// Rows that are kept to be shown.
    private static let keptRows = 500
    /// Records that tell how fields are separated.
    private static let sample = 200
    private static let maximumBytes = 1 << 20

    /// Reads a whole file once.
    /// - Throws: ``TaskError``, `FileError`.
    init(_ url: URL) throws {
        let file = try DataFile(url)
        path = file.path
        changes = file.changes
        guard file.count > 0 else { throw TaskError.emptyFile(path: file.path, split: .train) }
        let named = DataFormat(fileName: url.lastPathComponent)
        let table = try file.withUnsafeBytes { bytes in
            if named == .json || named == .jsonl || named == nil && Self.isJSON(bytes) {
                return try Self.json(bytes, named ?? .jsonl, path: file.path)
            }
            return try Self.delimited(bytes, named, path: file.path)
        }
        (format, delimiter, hasHeader) = (table.format, table.delimiter, table.hasHeader)
        (columns, rows) = (table.columns, table.rows)
    }

    private typealias Table = (
        format: DataFormat, delimiter: Delimiter?, hasHeader: Bool, columns: [ColumnProfile],
        rows: [[String]]
    )

    // MARK: JSON

    private static func isJSON(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = Bytes.afterMark(bytes)
        while position < bytes.count, Bytes.isSpace(bytes[position]) { position += 1 }
        return position < bytes.count && "{[".utf8.contains(bytes[position])
    }

    private static func json(
        _ bytes: UnsafeRawBufferPointer, _ format: DataFormat, path: String
    ) throws -> Table {
        var records = JSONRecords(bytes, maximumBytes: maximumBytes)
        try records.checkLines(bytes, path: path)
        var columns: [ColumnProfile] = []
        var places: [String: Int] = [:]
        var rows: [[String]] = []
        var count = 0
        while let record = records.next() {
            guard record.problem == nil else { continue }
            let content = UnsafeRawBufferPointer(
                rebasing: bytes[Bytes.trim(record.range, in: bytes)])
            guard !content.isEmpty, Bytes.firstInvalidUTF8(content) == nil,
                let row = try? JSONRow(content)
            else { continue }
            var cells: [Int: String] = [:]
            var seen: Set<Int> = []
            for name in row.paths {
                let place = places[name] ?? columns.count
                if place == columns.count {
                    places[name] = place
                    columns.append(ColumnProfile(name: name, emptyRows: count))
                }
                guard seen.insert(place).inserted else { continue }
                switch try? row.value(at: name) {
                case .string(let text):
                    cells[place] = RowRules.trimmed(text)
                    columns[place].add(RowRules.trimmed(text))
                case .number(let text), .truth(let text):
                    cells[place] = text
                    columns[place].add(text, isString: false)
                case .array:
                    let labels = (try? row.elements(at: name))?.map { element -> String? in
                        switch element {
                        case .string(let text), .number(let text), .truth(let text): text
                        case .nothing, .array, .object: nil
                        }
                    }
                    if let labels, labels.allSatisfy({ $0 != nil }) {
                        columns[place].add(labels.compactMap(\.self))
                        cells[place] = labels.compactMap(\.self).joined(separator: ", ")
                    } else {
                        columns[place].addUnusable()
                    }
                case .object: columns[place].addUnusable()
                case .nothing, nil: columns[place].addEmpty()
                }
            }
            count += 1
            for place in columns.indices where !seen.contains(place) { columns[place].addEmpty() }
            if rows.count < keptRows {
                rows.append(columns.indices.map { cells[$0] ?? "" })
            }
        }
        guard count > 0 else {
            throw TaskError.noRows(path: path, split: .train, skipped: 0, first: nil)
        }
        // Keys that later rows add.
        rows = rows.map { $0 + Array(repeating: "", count: columns.count - $0.count) }
        return (format, nil, true, columns, rows)
    }

    // MARK: Tables

    /// A way to split a file into rows and fields.
    private struct Layout {
        let format: DataFormat
        let delimiter: Delimiter
        /// Where the rows begin.
        let start: Int

        func tokenizer(_ bytes: UnsafeRawBufferPointer) -> any FieldTokenizer {
            format == .tsv
                ? TSVTokenizer(bytes, from: start, maximumBytes: maximumBytes, delimiter: delimiter)
                : CSVTokenizer(bytes, from: start, maximumBytes: maximumBytes, delimiter: delimiter)
        }
    }

    /// The layout that gives rows of one width, two columns or more: of several that do so equally well,
    /// the one that the file's extension says.
    private static func layout(
        _ bytes: UnsafeRawBufferPointer, _ named: DataFormat?
    ) -> Layout? {
        let start = Bytes.afterMark(bytes)
        if let declared = Delimiter.declared(in: bytes, from: start), named != .tsv {
            return Layout(format: .csv, delimiter: declared.delimiter, start: declared.next)
        }
        func layouts(_ format: DataFormat, _ delimiters: [Delimiter]) -> [Layout] {
            delimiters.map { Layout(format: format, delimiter: $0, start: start) }
        }
        let all: [Layout] =
            named == .csv
            ? layouts(.csv, [.comma, .semicolon, .tab, .pipe])
            : layouts(.tsv, [.tab]) + layouts(.csv, [.tab, .comma, .semicolon, .pipe])
        var best: (layout: Layout, fit: Double)?
        for layout in all {
            let fit = fit(layout, bytes)
            // Quotes around whole fields are part of the text as GLUE writes it, and not where most
            // programs write it.
            let isBetter =
                best.map { other in
                    fit > other.fit
                        || fit == other.fit && other.layout.format == .tsv && layout.format == .csv
                            && layout.delimiter == .tab && hasQuotedFields(layout, bytes)
                } ?? (fit > 0)
            if isBetter { best = (layout, fit) }
        }
        return best?.layout
    }

    /// The share of records that are as wide as the first.
    private static func fit(_ layout: Layout, _ bytes: UnsafeRawBufferPointer) -> Double {
        var tokenizer = layout.tokenizer(bytes)
        var fields: [FieldRange] = []
        var (width, good, all) = (0, 0, 0)
        while all < sample, let record = tokenizer.next(&fields) {
            all += 1
            guard record.problem == nil else { continue }
            if width == 0 { width = fields.count }
            if fields.count == width { good += 1 }
        }
        return width < 2 || all == 0 ? 0 : Double(good) / Double(all)
    }

    /// Whether a field has a doubled quote, or all fields of a column are quoted.
    private static func hasQuotedFields(
        _ layout: Layout, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        var tokenizer = layout.tokenizer(bytes)
        var fields: [FieldRange] = []
        var all = 0
        while all < sample, let record = tokenizer.next(&fields) {
            all += 1
            if record.problem == nil, fields.contains(where: \.hasDoubledQuotes) { return true }
        }
        return false
    }

    private static func delimited(
        _ bytes: UnsafeRawBufferPointer, _ named: DataFormat?, path: String
    ) throws -> Table {
        guard let layout = layout(bytes, named) else {
            throw TaskError.guess(
                path: path,
                problem:
                    "this has one column only, or rows of all widths; expected CSV, TSV or JSON "
                    + "with a text and a label in each row",
                advice: [])
        }
        var tokenizer = layout.tokenizer(bytes)
        var fields: [FieldRange] = []
        var first: [String]?
        var columns: [ColumnProfile] = []
        var rows: [[String]] = []
        var (bad, badCount): ([BadRow], Int) = ([], 0)
        while let record = tokenizer.next(&fields) {
            if let problem = DelimitedRowReader<CSVTokenizer>.problem(with: record, in: bytes) {
                // The reader of the task stops at a header that it cannot read; so does this.
                if first == nil {
                    throw TaskError.badHeader(
                        path: path, line: record.line, problem: problem.reason.description)
                }
                badCount += 1
                guard bad.count < TaskError.listedBadRows else { continue }
                bad.append(
                    BadRow(split: .train, file: path, line: record.line, reason: problem.reason))
                continue
            }
            let cells = fields.map { FieldText.text($0, in: bytes) }
            guard let header = first else {
                first = cells
                columns = cells.map { ColumnProfile(name: $0) }
                continue
            }
            guard cells.count == header.count else { continue }
            for (place, cell) in cells.enumerated() { columns[place].add(cell) }
            if rows.count < keptRows { rows.append(cells) }
        }
        if columns.isEmpty || columns[0].rows == 0, !bad.isEmpty {
            throw TaskError.badRows(bad, total: badCount)
        }
        guard let first, columns[0].rows > 0 else {
            throw TaskError.noRows(path: path, split: .train, skipped: 0, first: nil)
        }
        if HeaderGuess.isHeader(first, over: columns) {
            return (layout.format, layout.delimiter, true, columns, rows)
        }
        // The first line is a row like the others.
        tokenizer = layout.tokenizer(bytes)
        columns = first.indices.map { ColumnProfile(name: "\($0 + 1)") }
        while let record = tokenizer.next(&fields) {
            guard DelimitedRowReader<CSVTokenizer>.problem(with: record, in: bytes) == nil,
                fields.count == columns.count
            else { continue }
            for (place, field) in fields.enumerated() {
                columns[place].add(FieldText.text(field, in: bytes))
            }
        }
        return (layout.format, layout.delimiter, false, columns, [first] + rows)
    }
}
