import Yams

extension DatasetReport {
    /// How many rows the files of a split have as they are published, by the task, and how many were
    /// found.
    public struct PublishedRows: Sendable, Hashable, Encodable {
        /// The split.
        public var split: Split
        /// Rows by the key `rows` of the task.
        public var published: Int
        /// Good rows of the split's files, before others are carved out of them and before any limit.
        public var found: Int

        /// What a user should know, in words; `nil` where the numbers agree.
        var warning: String? {
            guard found != published else { return nil }
            return "\(split.rawValue): the files have \(found) rows, those that are published "
                + "\(published)"
        }
    }
}

extension TaskDefinition {
    /// Reads the key `rows` of a task file: numbers of rows by split.
    static func publishedRows(
        _ node: Node, path: String, dev: Source, test: Source
    ) throws -> [Split: Int] {
        let map = try YAMLMapping(
            node, path: path, subject: "rows", keys: Split.allCases.map(\.rawValue))
        var rows: [Split: Int] = [:]
        for split in Split.allCases {
            guard let count: Int = try map.integer(split.rawValue, atLeast: 1) else { continue }
            if case .carvedFromTrain = split == .dev ? dev : test, split != .train {
                throw map.error(
                    at: split.rawValue,
                    "`rows.\(split.rawValue)` is for a split with a file; its rows are carved out "
                        + "of train")
            }
            rows[split] = count
        }
        return rows
    }
}
