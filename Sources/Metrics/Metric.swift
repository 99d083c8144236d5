/// A metric that a task is judged by; raw values are the names in task files.
public enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
    /// Share of right predictions.
    case accuracy
    /// F1 of the positive class.
    case f1
    /// Mean F1 of the classes.
    case macroF1 = "macro-f1"
    /// Matthews' correlation coefficient, from -1 to 1.
    case mcc
    /// F1 of all labels of all rows together.
    case microF1 = "micro-f1"
    /// Mean average precision of the labels.
    case averagePrecision = "average-precision"
    /// Pearson's correlation of numbers, from -1 to 1.
    case pearson
    /// Spearman's correlation of numbers, from -1 to 1.
    case spearman

    /// Whether it means something for such targets.
    public func applies(to kind: TargetKind) -> Bool {
        switch self {
        case .f1, .mcc: kind == .oneClass
        case .accuracy, .macroF1: kind != .number
        case .microF1, .averagePrecision: kind == .labels
        case .pearson, .spearman: kind == .number
        }
    }

    /// What its values may be.
    public var limits: ClosedRange<Double> {
        switch self {
        case .mcc, .pearson, .spearman: -1...1
        case .accuracy, .f1, .macroF1, .microF1, .averagePrecision: 0...1
        }
    }

    /// How it is shown to people, in the middle of a sentence.
    public var title: String {
        switch self {
        case .accuracy: "accuracy"
        case .f1: "F1"
        case .macroF1: "macro F1"
        case .mcc: "MCC"
        case .microF1: "micro F1"
        case .averagePrecision: "average precision"
        case .pearson: "Pearson's r"
        case .spearman: "Spearman's rho"
        }
    }
}

extension ClassificationMetrics {
    /// The value of a metric; higher is better. Not a number where it means nothing: F1 in a task without
    /// a positive class, metrics of other kinds of targets.
    public func value(of metric: Metric) -> Double {
        switch metric {
        case .accuracy: accuracy
        case .f1: f1 ?? .nan
        case .macroF1: macroF1
        case .mcc: mcc
        case .microF1: microF1 ?? .nan
        case .averagePrecision: averagePrecision ?? .nan
        case .pearson: pearson ?? .nan
        case .spearman: spearman ?? .nan
        }
    }
}
