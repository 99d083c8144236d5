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

    /// How it is shown to people, in the middle of a sentence.
    public var title: String {
        switch self {
        case .accuracy: "accuracy"
        case .f1: "F1"
        case .macroF1: "macro F1"
        case .mcc: "MCC"
        }
    }
}

extension ClassificationMetrics {
    /// The value of a metric; higher is better. F1 is not a number in a task without a positive class.
    public func value(of metric: Metric) -> Double {
        switch metric {
        case .accuracy: accuracy
        case .f1: f1 ?? .nan
        case .macroF1: macroF1
        case .mcc: mcc
        }
    }
}
