import Metrics

/// Where there are few rows to learn from: then every row counts twice, for learning and for judging what was
/// learnt, and choices among many heads would be made by luck.
public struct FewRows: Sendable, Hashable {
    /// Fewer rows of each class than this are few.
    public static let perClass = 32
    /// Below this many of each class, trained heads cannot be told apart at all.
    private static let perClassToTrain = 3

    /// Rows for each class, on average; of labels and numbers, for each of two groups.
    public let perClass: Double

    /// - Parameters:
    ///   - rows: rows of train and dev.
    ///   - classes: number of classes; `nil` where rows have labels or numbers.
    /// - Returns: `nil` where there are enough of them.
    public init?(rows: Int, classes: Int?) {
        perClass = Double(rows) / Double(max(2, classes ?? 2))
        guard perClass < Double(Self.perClass) else { return nil }
    }

    /// Whether heads should be trained beside those that are fitted exactly.
    public var isEnoughToTrain: Bool { perClass >= Double(Self.perClassToTrain) }
}

extension Dataset {
    /// Whether there are few rows; `nil` where there are enough.
    public var fewRows: FewRows? {
        FewRows(
            rows: train.count + dev.count,
            classes: targets.kind == .oneClass ? labels.count : nil)
    }
}
