import Support

/// Errors in the inputs of metrics.
public enum MetricsError: DiagnosedError, Equatable {
    /// There is nothing to measure.
    case empty(what: String)
    /// Two lists that belong together differ in length.
    case unequalCounts(what: String, expected: Int, found: Int)
    /// A label or prediction is not the number of a class.
    case labelOutOfRange(what: String, row: Int, label: Int, classes: Int)
    /// A row of probabilities is not a distribution: a value is not finite or not in 0...1, or the
    /// sum is not 1.
    case notADistribution(row: Int, reason: String)

    /// Values that are not finite are the fault of a model, not of a file.
    public var kind: ErrorKind { .internalError }

    public var description: String {
        switch self {
        case .empty(let what):
            "expected at least one of \(what), found none"
        case .unequalCounts(let what, let expected, let found):
            "\(what): expected \(expected), found \(found)"
        case .labelOutOfRange(let what, let row, let label, let classes):
            "\(what) \(label) of row \(row) is not a class: expected 0 to \(classes - 1)"
        case .notADistribution(let row, let reason):
            "the probabilities of row \(row) are no distribution: \(reason)"
        }
    }
}
