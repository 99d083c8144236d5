/// A range that holds the true value of a statistic with some confidence.
public struct ConfidenceInterval: Sendable, Equatable, Codable {
    /// Lower end.
    public let lower: Double
    /// Upper end.
    public let upper: Double
    /// The confidence, e.g. 0.95.
    public let level: Double

    /// Both ends, as reports show them.
    public var bounds: [Double] { [lower, upper] }

    /// Whether a value lies inside, ends included.
    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// The quantile of sorted values by linear interpolation between order statistics (type 7 of
/// Hyndman and Fan, The American Statistician 1996; NumPy's default).
/// - Precondition: `sorted` is not empty and ascending, `share` is from 0 to 1.
public func quantile(ofSorted sorted: [Double], _ share: Double) -> Double {
    precondition(!sorted.isEmpty && share >= 0 && share <= 1, "a quantile needs values")
    let position = share * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    guard index + 1 < sorted.count else { return sorted[index] }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
}
