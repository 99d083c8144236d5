import Metrics
import Support

/// What a data set holds: counts, balance, lengths, and what looks wrong.
public struct DatasetReport: Sendable, Hashable, Encodable {
    /// Lengths of texts in characters (Unicode scalars), by nearest rank.
    public struct Lengths: Sendable, Hashable, Encodable {
        /// Shortest text.
        public var minimum: Int
        /// 25th percentile.
        public var lowerQuartile: Int
        /// 50th percentile.
        public var median: Int
        /// 75th percentile.
        public var upperQuartile: Int
        /// 95th percentile.
        public var percentile95: Int
        /// 99th percentile.
        public var percentile99: Int
        /// Longest text.
        public var maximum: Int
    }

    /// What one split holds.
    public struct SplitReport: Sendable, Hashable, Encodable {
        /// The split described.
        public var split: Split
        /// The file that the rows come from: that of train if they were carved out of it.
        public var file: String
        /// Whether the rows were taken out of train.
        public var isCarvedFromTrain: Bool
        /// Rows that the data set uses.
        public var rows: Int
        /// Bad rows of the file that were skipped; 0 for a split carved out of train.
        public var skipped: Int
        /// Good rows left out by the limit.
        public var leftOut: Int
        /// Rows of each class, or with each label, in the order of ``Dataset/labels``.
        public var labelCounts: [Int]
        /// `nil` when there are no rows.
        public var textLengths: Lengths?
        /// `nil` in a task of single texts.
        public var pairLengths: Lengths?
        /// Rows whose text (and pair) appeared earlier in the split.
        public var duplicates: Int
        /// Rows whose text (and pair) appeared earlier in the split with a different label.
        public var contradictions: Int
    }

    /// Rows of one split that appear word for word in another.
    public struct Overlap: Sendable, Hashable, Encodable {
        /// The split whose rows are counted.
        public var split: Split
        /// The split in which they also appear.
        public var other: Split
        /// Rows of `split` whose text (and pair) is in `other`.
        public var rows: Int
    }

    /// Labels that were probably meant to be one class.
    public struct SimilarLabels: Sendable, Hashable, Encodable {
        /// The values, two or more.
        public var values: [String]
        /// By what alone they differ, for people.
        public var difference: String
        /// Whether they are read as one class, which they are where only the normal form differs.
        public var areOneClass: Bool
    }

    /// Train, dev, test.
    public var splits: [SplitReport]
    /// The rows that were skipped, the first ten thousand of each file.
    public var badRows: [BadRow]
    /// Rows that were skipped.
    public var badRowCount: Int { splits.reduce(0) { $0 + $1.skipped } }
    /// Dev in train, test in train, test in dev; pairs without common rows are left out.
    public var overlaps: [Overlap]
    /// Names of the classes, for messages.
    public var labelNames: [String]
    /// How files were read where that is not plain: compressed, in another encoding, with a delimiter
    /// that was guessed.
    public var notes: [String]
    /// Groups of labels that look the same.
    public var similarLabels: [SimilarLabels]
    /// Of the splits for which the task says how many rows are published.
    public var publishedRows: [PublishedRows]

    /// The most classes that a warning names.
    private static let namedClasses = 5

    /// The report of one split.
    public subscript(split: Split) -> SplitReport {
        splits[Split.allCases.firstIndex(of: split) ?? 0]
    }

    /// What a user should look into, in words.
    public var warnings: [String] {
        var warnings: [String] = []
        for overlap in overlaps {
            let share = overlap.rows == 1 ? "row appears" : "rows appear"
            warnings.append(
                "leakage: \(overlap.rows) \(overlap.split.rawValue) \(share) word for word in "
                    + overlap.other.rawValue)
        }
        warnings += publishedRows.compactMap(\.warning)
        for report in splits {
            let name = report.split.rawValue
            if report.skipped > 0 {
                warnings.append("\(report.skipped) bad rows of \(name) were skipped")
            }
            if report.contradictions > 0 {
                warnings.append(
                    "\(report.contradictions) rows of \(name) repeat a text with another label")
            }
            let missing = zip(labelNames, report.labelCounts).filter { $0.1 == 0 }.map(\.0)
            if !missing.isEmpty {
                warnings.append(
                    "\(name) has no rows of "
                        + (missing.count == 1 ? "class " : "\(missing.count) classes: ")
                        + Self.list(missing))
            }
        }
        for group in similarLabels {
            warnings.append(
                "the labels \(Self.list(group.values, joined: " and ")) differ by "
                    + "\(group.difference) only; they are "
                    + (group.areOneClass ? "read as one class" : "different classes"))
        }
        return warnings
    }

    /// Names, the first of many.
    private static func list(_ names: [String], joined separator: String = ", ") -> String {
        let shown = names.prefix(namedClasses).map { "`\($0.revealed)`" }
        let more = names.count - shown.count
        return shown.joined(separator: separator) + (more > 0 ? " and \(more) more" : "")
    }
}

extension DatasetReport {
    /// Where the rows of a split came from.
    struct Origin {
        var file = ""
        var isCarved = false
        var skipped = 0
        var leftOut = 0
    }

    private struct Inputs: Hashable {
        var text: String
        var pair: String?

        init(_ example: Example) {
            text = example.text
            pair = example.pair
        }
    }

    /// Counts what the splits hold.
    init(
        labels: [TaskLabel], examples: [Split: [Example]], origins: [Split: Origin],
        badRows: [BadRow], notes: [String] = [], similarLabels: [SimilarLabels] = [],
        publishedRows: [PublishedRows] = []
    ) {
        labelNames = labels.map(\.name)
        self.notes = notes
        self.similarLabels = similarLabels
        self.publishedRows = publishedRows
        self.badRows = badRows
        splits = []
        overlaps = []
        var seen: [Split: [Inputs: Target]] = [:]
        for split in Split.allCases {
            let rows = examples[split] ?? []
            let origin = origins[split] ?? Origin()
            var report = SplitReport(
                split: split, file: origin.file, isCarvedFromTrain: origin.isCarved,
                rows: rows.count, skipped: origin.skipped, leftOut: origin.leftOut,
                labelCounts: labels.map { _ in 0 }, textLengths: Lengths(rows.map(\.text)),
                pairLengths: Lengths(rows.compactMap(\.pair)), duplicates: 0, contradictions: 0)
            var inputs: [Inputs: Target] = [:]
            inputs.reserveCapacity(rows.count)
            var common: [Split: Int] = [:]
            for row in rows {
                for label in row.target.indices { report.labelCounts[label] += 1 }
                let key = Inputs(row)
                for (other, keys) in seen where keys[key] != nil { common[other, default: 0] += 1 }
                if let label = inputs[key] {
                    report.duplicates += 1
                    if label != row.target { report.contradictions += 1 }
                } else {
                    inputs[key] = row.target
                }
            }
            for other in Split.allCases {
                guard let count = common[other] else { continue }
                overlaps.append(Overlap(split: split, other: other, rows: count))
            }
            seen[split] = inputs
            splits.append(report)
        }
    }
}

extension DatasetReport.Lengths {
    /// - Complexity: O(bytes + texts x log texts).
    init?(_ texts: [String]) {
        guard !texts.isEmpty else { return nil }
        // A scalar has one byte that is not a continuation byte.
        let lengths = texts.map { text in
            text.utf8.reduce(0) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
        }.sorted()
        func rank(_ percent: Int) -> Int {
            lengths[max(0, (lengths.count * percent + 99) / 100 - 1)]
        }
        self.init(
            minimum: lengths[0], lowerQuartile: rank(25), median: rank(50),
            upperQuartile: rank(75), percentile95: rank(95), percentile99: rank(99),
            maximum: lengths[lengths.count - 1])
    }
}
