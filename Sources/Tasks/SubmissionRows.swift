import Foundation
import Support

/// The rows that a submission answers, in the order of their file.
///
///     let rows = try SubmissionRows(submission, of: task, in: url)
///     rows.entries[0]    // index "0", the text, the second text
public struct SubmissionRows: Sendable {
    /// A row that wants an answer.
    public struct Entry: Sendable, Hashable {
        /// The index that the benchmark knows it by; of a bad row, its number from 0.
        public var index: String
        /// `nil` for a bad row, whose texts cannot be read.
        public var text: String?
        /// `nil` in a task of single texts.
        public var pair: String?
    }

    /// All rows, bad ones too: a benchmark wants an answer for each.
    public private(set) var entries: [Entry]
    /// What is wrong with bad rows, the first ten thousand.
    public let badRows: [BadRow]
    /// Number of all bad rows.
    public let badRowCount: Int

    /// Reads a file of rows without labels.
    /// - Throws: `FileError`; ``TaskError`` where the file as a whole is wrong, or an index comes twice.
    public init(
        _ submission: TaskDefinition.Submission, of task: TaskDefinition, in url: URL
    ) throws {
        guard let format = task.format ?? DataFormat(fileName: url.lastPathComponent),
            format != .folders
        else {
            throw TaskError.fileKind(
                path: url.path, found: "a file without a known extension",
                advice: "set `format: tsv`, `csv` or `jsonl` in the task")
        }
        let standard = format == .jsonl || format == .json ? "idx" : "index"
        // Numbers stand for columns where there is no header.
        let usual = submission.hasHeader || standard == "idx" ? standard : nil
        let index = submission.index ?? usual
        var reading = Reading(submission, task, format, url)
        if let index,
            let content = try reading.content(index: index, required: submission.index != nil)
        {
            try self.init(content, indices: reading.indices)
        } else {
            try self.init(try reading.content(), indices: nil)
        }
    }

    private init(_ content: SplitContent, indices: [String]?) throws {
        let count = content.records
        entries = (0..<count).map { Entry(index: String($0), text: nil, pair: nil) }
        var lines: [String: Int] = [:]
        for row in content.rows {
            let example = row.example
            entries[row.record].text = example.text
            entries[row.record].pair = example.pair
            guard let indices else { continue }
            let index = indices[example.label]
            entries[row.record].index = index
            let line = example.place?.line ?? 0
            if let first = lines.updateValue(line, forKey: index) {
                throw TaskError.indexTwice(
                    path: content.path, index: index, first: first, second: line)
            }
        }
        badRows = content.badRows
        badRowCount = content.badRowCount
    }

    /// Reads the file like that of a split, with the index in the place of the label.
    private struct Reading {
        private let reader: (TaskDefinition.Columns) -> SplitReader
        private let columns: TaskDefinition.Columns
        private let url: URL
        /// The indices by number of the label that they are read as.
        private(set) var indices: [String] = []

        init(
            _ submission: TaskDefinition.Submission, _ task: TaskDefinition, _ format: DataFormat,
            _ url: URL
        ) {
            columns = submission.columns
            self.url = url
            reader = { columns in
                var definition = task
                definition.columns = columns
                definition.hasHeader = submission.hasHeader
                // An index is one value, whatever the labels of the task are.
                definition.target = .oneClass
                return SplitReader(
                    definition: definition, split: .test, format: format,
                    maximumLineBytes: Dataset.Options().maximumLineBytes)
            }
        }

        /// The rows, without an index.
        mutating func content() throws -> SplitContent { try read(label: columns.text) }

        /// The rows; `nil` where there is no such column, unless it is required.
        mutating func content(index: String, required: Bool) throws -> SplitContent? {
            do {
                let content = try read(label: index)
                guard !required, content.rows.isEmpty, let bad = content.badRows.first,
                    bad.column?.name == index,
                    case .missingKey = bad.reason
                else { return content }
                return nil
            } catch TaskError.headerLacksColumn(_, _, "label", index, _, _) where !required {
                return nil
            } catch TaskError.headerLacksColumn(
                let path, let line, "label", let column, let found, let near)
            {
                throw TaskError.headerLacksColumn(
                    path: path, line: line, role: "index", column: column, found: found,
                    suggestion: near)
            }
        }

        private mutating func read(label: String) throws -> SplitContent {
            var columns = columns
            columns.label = label
            var labels = LabelTable(nil)
            let reader = reader(columns)
            var targets = TargetReader(reader.definition)
            var content = SplitContent(split: .test, path: url.path)
            try reader.read(
                try DataFile(url), labels: &labels, targets: &targets, into: &content)
            indices = labels.values
            return content
        }
    }
}
