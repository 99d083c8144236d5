import Metrics

/// What the column of the labels holds.
enum LabelContent {
    /// One class a row.
    case classes
    /// Several labels a row.
    case labels(LabelPieces.Reading)
    /// Numbers from one to another.
    case number(ClosedRange<Double>, different: Int)

    var kind: TargetKind {
        switch self {
        case .classes: .oneClass
        case .labels: .labels
        case .number: .number
        }
    }

    /// What is between labels, as a task file has it; `nil` where that is not known, or does not matter.
    var separator: Character? {
        if case .labels(let reading) = self { reading.separator } else { nil }
    }

    /// For people, in brackets behind the column's name.
    func summary(of column: ColumnProfile) -> String {
        func list(_ values: [(value: String, rows: Int)]) -> String {
            values.prefix(4).map { "\($0.value.excerpt) \($0.rows)" }.joined(separator: ", ")
                + (values.count > 4 ? ", ..." : "")
        }
        switch self {
        case .classes: return "\(column.distinct) classes: \(list(column.byFrequency))"
        case .labels(let reading):
            let between = reading.separator.map { ", with `\($0)` between them" } ?? ""
            return
                "several a row\(between); \(reading.labels.count) labels: \(list(reading.labels))"
        case .number(let range, let different):
            return "numbers, \(different) different, \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

/// Why a column is not that of the labels.
struct NoLabel: Error {
    /// Continues a sentence that begins with the column.
    let reason: String
}
