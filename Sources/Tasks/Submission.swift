import Foundation
import Support
import Yams

extension TaskDefinition {
    /// A file of answers that a benchmark takes, and the rows without labels that it is about.
    ///
    /// In the task file:
    ///
    ///     submissions:
    ///       - {rows: test_matched.tsv, file: MNLI-m.tsv}
    ///       - {rows: [diagnostic.tsv, AX.tsv], file: AX.tsv}    # the first that is there
    ///
    /// `index`, `header`, `text` and `pair` are given where the file differs from those of the splits.
    public struct Submission: Sendable, Hashable {
        /// Names that the file with the rows may have; the first that is there is read.
        public var rows: [String]
        /// Name of the file of answers; `.tsv` for GLUE's table, `.jsonl` for SuperGLUE's JSON lines.
        public var file: String
        /// Column of the rows' index; `nil`: `index` in tables and `idx` in JSON, or, where there is no such
        /// column, rows are numbered from 0.
        public var index: String?
        /// Whether the first row of the file names the columns.
        public var hasHeader: Bool
        /// Which columns hold the texts.
        public var columns: Columns

        /// Whether answers are JSON lines rather than a table.
        public var isJSON: Bool { file.lowercased().hasSuffix(".jsonl") }
    }
}

extension TaskDefinition.Submission {
    /// Reads the key `submissions` of a task file.
    /// - Parameters:
    ///   - columns: those of the splits.
    ///   - hasHeader: whether the files of the splits have one.
    static func list(
        _ node: Node, path: String, columns: TaskDefinition.Columns, hasHeader: Bool
    ) throws -> [Self] {
        guard case .sequence(let items) = node else {
            throw YAMLMapping.error(
                path, node,
                "`submissions` must be a list of `{rows: FILE, file: FILE}`, found \(node.kindName)"
            )
        }
        var names: Set<String> = []
        return try items.map { item in
            let map = try YAMLMapping(
                item, path: path, subject: "submissions",
                keys: ["rows", "file", "index", "header", "text", "pair"])
            guard let rows = try map.list("rows", of: "a file name") else {
                throw map.missing("rows")
            }
            let submission = Self(
                rows: rows, file: try fileName(map), index: try map.string("index"),
                hasHeader: try map.boolean("header") ?? hasHeader,
                columns: try columns.replaced(by: map))
            guard names.insert(submission.file).inserted else {
                throw map.error(
                    at: "file", "two submissions have the file `\(submission.file.excerpt)`")
            }
            try submission.checkNumbers(map)
            return submission
        }
    }

    private static func fileName(_ map: YAMLMapping) throws -> String {
        let name = try map.requiredString("file")
        let isPlain =
            !name.hasPrefix(".")
            && name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        guard isPlain, name.hasSuffix(".tsv") || name.hasSuffix(".jsonl") else {
            throw map.wrong(
                "file", expected: "a file name without a directory that ends in .tsv or .jsonl",
                found: name)
        }
        return name
    }

    /// Without a header columns are numbers.
    private func checkNumbers(_ map: YAMLMapping) throws {
        guard !hasHeader else { return }
        let names = columns.textColumns + columns.pairColumns + (index.map { [$0] } ?? [])
        for name in names where (Int(name) ?? 0) < 1 {
            throw map.error(
                at: "header",
                "without a header a column is a number from 1, found `\(name.excerpt)`")
        }
    }
}

extension TaskDefinition.Columns {
    /// These columns with the texts of a submission in their place.
    fileprivate func replaced(by map: YAMLMapping) throws -> Self {
        var columns = self
        if let text = try map.list("text", of: "a column") { columns.setText(text) }
        guard let second = try map.list("pair", of: "a column") else { return columns }
        guard pair != nil else {
            throw map.error(at: "pair", "`submissions.pair` is for tasks of pairs")
        }
        columns.setPair(second)
        return columns
    }
}
