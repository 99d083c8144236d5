import Foundation
import Support

/// An example and its position in the file.
struct Row {
    /// Index among all records of the file, including bad ones.
    var record: Int
    var example: Example
}

/// The classes known so far: a fixed list, or one that grows in order of appearance.
struct LabelTable {
    private(set) var values: [String]
    private var indices: [String: Int]
    private var isOpen: Bool

    /// - Parameter values: `nil` for a list that grows.
    init(_ values: [String]?) {
        self.values = values ?? []
        isOpen = values == nil
        indices = Dictionary(
            uniqueKeysWithValues: self.values.enumerated().map { ($1, $0) })
    }

    /// Index of a label; `nil` when the list is fixed and does not have it.
    mutating func index(of value: String) -> Int? {
        if let index = indices[value] { return index }
        guard isOpen else { return nil }
        indices[value] = values.count
        values.append(value)
        return values.count - 1
    }
}

/// What was read from the file of a split.
struct SplitContent {
    let split: Split
    let path: String
    var rows: [Row] = []
    /// The first bad rows; in a file of the wrong kind every row is bad, and keeping all of them
    /// would fill the memory.
    private(set) var badRows: [BadRow] = []
    /// Number of all bad rows.
    private(set) var badRowCount = 0
    /// SHA-256 of the file.
    var digest = ""
    /// All labels known after this file, in the order of their indices.
    var labelValues: [String] = []

    /// The most bad rows of a file that are reported one by one.
    static let detailedBadRows = 10_000

    mutating func addBad(
        line: Int, column: BadRow.Column?, reason: @autoclosure () -> BadRow.Reason
    ) {
        badRowCount += 1
        guard badRows.count < Self.detailedBadRows else { return }
        badRows.append(
            BadRow(split: split, file: path, line: line, column: column, reason: reason()))
    }
}

/// Reads the file of a split.
struct SplitReader {
    let definition: TaskDefinition
    let split: Split
    /// Format of the file.
    let format: DataFormat
    let maximumLineBytes: Int

    /// - Throws: ``TaskError`` when the file as a whole is wrong; bad rows are collected.
    func read(_ file: MappedFile, labels: inout LabelTable) throws -> SplitContent {
        let path = file.url.path
        guard file.count > 0 else { throw TaskError.emptyFile(path: path, split: split) }
        defer { withExtendedLifetime(file) {} }
        var content = SplitContent(split: split, path: path)
        switch format {
        case .tsv:
            var reader = try DelimitedRowReader<TSVTokenizer>(
                file.bytes, path: path, split: split, definition: definition,
                maximumBytes: maximumLineBytes)
            collect(&reader, labelColumn: reader.labelColumn, &labels, &content)
        case .csv:
            var reader = try DelimitedRowReader<CSVTokenizer>(
                file.bytes, path: path, split: split, definition: definition,
                maximumBytes: maximumLineBytes)
            collect(&reader, labelColumn: reader.labelColumn, &labels, &content)
        case .jsonl:
            var reader = JSONLinesReader(
                file.bytes, definition: definition, maximumBytes: maximumLineBytes)
            collect(&reader, labelColumn: reader.labelColumn, &labels, &content)
        }
        guard !content.rows.isEmpty || !content.badRows.isEmpty else {
            throw TaskError.noRows(path: path, split: split, skipped: 0, first: nil)
        }
        var digest = DigestBuilder()
        if let base = UnsafeMutableRawPointer(mutating: file.bytes.baseAddress) {
            digest.add(Data(bytesNoCopy: base, count: file.count, deallocator: .none))
        }
        content.digest = digest.hexadecimal()
        content.labelValues = labels.values
        return content
    }

    private func collect(
        _ reader: inout some RowReader, labelColumn: BadRow.Column, _ labels: inout LabelTable,
        _ content: inout SplitContent
    ) {
        var record = 0
        while let outcome = reader.next() {
            switch outcome {
            case .row(let line, let fields):
                if let label = labels.index(of: fields.label) {
                    let example = Example(text: fields.text, pair: fields.pair, label: label)
                    content.rows.append(Row(record: record, example: example))
                } else {
                    // In a file of the wrong kind every row is bad; the first ones say enough.
                    let near =
                        content.badRowCount < 1_000
                        ? closestMatch(to: fields.label, in: labels.values) : nil
                    content.addBad(
                        line: line, column: labelColumn,
                        reason: .unknownLabel(
                            found: fields.label.excerpt, known: labels.values, suggestion: near))
                }
            case .bad(let line, let column, let reason):
                content.addBad(line: line, column: column, reason: reason)
            }
            record += 1
        }
    }
}
