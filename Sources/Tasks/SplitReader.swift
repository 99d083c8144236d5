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
    /// Other spellings of values, the same but for their Unicode normal form, by value.
    private(set) var variants: [Int: Set<ExactName>] = [:]

    /// - Parameter values: `nil` for a list that grows.
    init(_ values: [String]?) {
        self.values = values ?? []
        isOpen = values == nil
        indices = Dictionary(
            uniqueKeysWithValues: self.values.enumerated().map { ($1, $0) })
    }

    /// Index of a label; `nil` when the list is fixed and does not have it.
    mutating func index(of value: String) -> Int? {
        if let index = indices[value] {
            // Strings are equal whatever their normal form.
            if !values[index].utf8.elementsEqual(value.utf8) {
                variants[index, default: []].insert(ExactName(value))
            }
            return index
        }
        guard isOpen else { return nil }
        indices[value] = values.count
        values.append(value)
        return values.count - 1
    }
}

/// What was read from the file of a split.
struct SplitContent {
    let split: Split
    /// The file, or the files with commas between them.
    let path: String
    var rows: [Row] = []
    /// Records of all files so far, bad ones included.
    var records = 0
    /// How the files were read where that is not plain, for people.
    var notes: [String] = []
    /// Labels that are not classes, and how many rows have them; not more than a thousand.
    private(set) var unknownLabels: [String: Int] = [:]
    /// The first bad rows; in a file of the wrong kind every row is bad, and keeping all of them
    /// would fill the memory.
    private(set) var badRows: [BadRow] = []
    /// Number of all bad rows.
    private(set) var badRowCount = 0
    /// SHA-256 of each file's text.
    var digests: [String] = []
    /// SHA-256 of all of them.
    var digest: String {
        guard digests.count > 1 else { return digests.first ?? "" }
        var builder = DigestBuilder()
        for digest in digests { builder.add(digest) }
        return builder.hexadecimal()
    }
    /// All labels known after this file, in the order of their indices.
    var labelValues: [String] = []

    /// The most bad rows of a file that are reported one by one.
    static let detailedBadRows = 10_000

    mutating func addUnknown(_ label: String) {
        if unknownLabels.count < 1_000 || unknownLabels[label] != nil {
            unknownLabels[label, default: 0] += 1
        }
    }

    mutating func addBad(
        file: String, line: Int, column: BadRow.Column?,
        reason: @autoclosure () -> BadRow.Reason
    ) {
        badRowCount += 1
        guard badRows.count < Self.detailedBadRows else { return }
        badRows.append(
            BadRow(split: split, file: file, line: line, column: column, reason: reason()))
    }
}

/// What the label column of a file holds, row by row.
private struct LabelColumn<Reader: RowReader>: Sequence, IteratorProtocol {
    var reader: Reader

    mutating func next() -> RowLabel? {
        while let outcome = reader.next() {
            if case .row(_, let fields) = outcome { return fields.label }
        }
        return nil
    }
}

/// Reads a file of a split.
struct SplitReader {
    let definition: TaskDefinition
    let split: Split
    /// Format of the file.
    let format: DataFormat
    let maximumLineBytes: Int

    /// Adds the rows of a file to those of its split.
    /// - Throws: ``TaskError`` when the file as a whole is wrong; bad rows are collected.
    func read(
        _ file: DataFile, labels: inout LabelTable, targets: inout TargetReader,
        into content: inout SplitContent
    ) throws {
        let path = file.path
        guard file.count > 0 else { throw TaskError.emptyFile(path: path, split: split) }
        defer { withExtendedLifetime(file) {} }
        let before = content.records
        if !file.changes.isEmpty {
            content.notes.append("\(path): read as \(file.changes.joined(separator: ", "))")
        }
        switch format {
        case .tsv:
            var reader = try DelimitedRowReader<TSVTokenizer>(
                file.bytes, delimiter: definition.delimiter ?? .tab, path: path, split: split,
                definition: definition, maximumBytes: maximumLineBytes)
            collect(&reader, path, labelColumn: reader.labelColumn, &labels, &targets, &content)
        case .csv:
            let (start, delimiter) = delimiter(file, &content)
            var reader = try DelimitedRowReader<CSVTokenizer>(
                file.bytes, from: start, delimiter: delimiter, path: path, split: split,
                definition: definition, maximumBytes: maximumLineBytes)
            collect(&reader, path, labelColumn: reader.labelColumn, &labels, &targets, &content)
        case .jsonl, .json:
            var reader = JSONLinesReader(
                file.bytes, definition: definition, maximumBytes: maximumLineBytes)
            try reader.checkLines(path: path)
            collect(&reader, path, labelColumn: reader.labelColumn, &labels, &targets, &content)
        case .folders:
            preconditionFailure("folders are not a file")
        }
        guard content.records > before else {
            throw TaskError.noRows(path: path, split: split, skipped: 0, first: nil)
        }
        var digest = DigestBuilder()
        if let base = UnsafeMutableRawPointer(mutating: file.bytes.baseAddress) {
            digest.add(Data(bytesNoCopy: base, count: file.count, deallocator: .none))
        }
        content.digests.append(digest.hexadecimal())
        content.labelValues = labels.values
    }

    /// Adds the rows of class folders to those of their split.
    /// - Throws: ``TaskError``, `FileError` where a file as a whole is wrong; bad rows are collected.
    func read(
        _ folders: ClassFolders, path: String, labels: inout LabelTable,
        targets: inout TargetReader, into content: inout SplitContent
    ) throws {
        content.notes += folders.notes
        var reader = FolderRowReader(folders, maximumBytes: maximumLineBytes)
        let column = BadRow.Column(number: nil, name: definition.columns.label)
        let before = content.records
        while let outcome = try reader.nextFile() {
            add(outcome, reader.path, labelColumn: column, &labels, &targets, &content)
        }
        guard content.records > before else {
            throw TaskError.noRows(path: path, split: split, skipped: 0, first: nil)
        }
        content.digests.append(reader.digest.hexadecimal())
        content.labelValues = labels.values
    }

    /// Where the rows of a CSV file begin, and what is between its fields: what the task says, else
    /// what the file says, else what gives the columns; a guess is noted.
    private func delimiter(
        _ file: DataFile, _ content: inout SplitContent
    ) -> (start: Int, delimiter: Delimiter) {
        let start = Bytes.afterMark(file.bytes)
        let declared = Delimiter.declared(in: file.bytes, from: start)
        if let delimiter = definition.delimiter { return (declared?.next ?? start, delimiter) }
        if let declared { return (declared.next, declared.delimiter) }
        let guess = Delimiter.guess(
            file.bytes, from: start, definition, maximumBytes: maximumLineBytes)
        if guess != .comma {
            content.notes.append(
                "\(file.path): the delimiter is taken to be the \(guess); "
                    + "`delimiter: \(guess)` in the task says so")
        }
        return (start, guess)
    }

    private func collect(
        _ reader: inout some RowReader, _ path: String, labelColumn: BadRow.Column,
        _ labels: inout LabelTable, _ targets: inout TargetReader, _ content: inout SplitContent
    ) {
        if targets.guesses {
            targets.guess(from: LabelColumn(reader: reader))
            if let separator = targets.separator {
                content.notes.append(
                    "\(path): labels are taken to be separated by `\(separator)`; "
                        + "`separator: \"\(separator)\"` in the task says so")
            }
        }
        let repetitions = targets.repetitions
        defer {
            let rows = targets.repetitions - repetitions
            if rows > 0 {
                content.notes.append(
                    "\(path): \(rows) \(rows == 1 ? "row names" : "rows name") a label twice; it counts "
                        + "once")
            }
        }
        while let outcome = reader.next() {
            add(outcome, path, labelColumn: labelColumn, &labels, &targets, &content)
        }
    }

    private func add(
        _ outcome: RowOutcome, _ path: String, labelColumn: BadRow.Column,
        _ labels: inout LabelTable, _ targets: inout TargetReader, _ content: inout SplitContent
    ) {
        switch outcome {
        case .row(let line, let fields):
            switch targets.target(of: fields.label, &labels) {
            case .success(let target):
                let example = Example(
                    text: fields.text, pair: fields.pair, target: target,
                    place: RowPlace(file: path, line: line))
                content.rows.append(Row(record: content.records, example: example))
            case .failure(.reason(let reason)):
                content.addBad(file: path, line: line, column: labelColumn, reason: reason)
            case .failure(.unknown(let label)):
                content.addUnknown(label)
                // In a file of the wrong kind every row is bad; the first ones say enough.
                let near =
                    content.badRowCount < 1_000
                    ? closestMatch(to: label, in: labels.values) : nil
                content.addBad(
                    file: path, line: line, column: labelColumn,
                    reason: .unknownLabel(
                        found: label.excerpt, known: labels.values, suggestion: near))
            }
        case .bad(let line, let column, let reason):
            content.addBad(file: path, line: line, column: column, reason: reason)
        }
        content.records += 1
    }
}
