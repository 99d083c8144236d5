import Foundation

/// A range that holds the true value of a statistic with some confidence.
public struct ConfidenceInterval: Sendable, Equatable, Codable {
    /// Lower end.
    public let lower: Double
    /// Upper end.
    public let upper: Double
    /// The confidence, e.g. 0.95.
    public let level: Double

    /// An interval with known ends.
    public init(lower: Double, upper: Double, level: Double) {
        self.lower = lower
        self.upper = upper
        self.level = level
    }

    /// Both ends, as reports show them.
    public var bounds: [Double] { [lower, upper] }

    /// Whether a value lies inside, ends included.
    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

    /// The interval of a share of successes (Wilson, JASA 1927), which unlike the normal
    /// approximation stays inside 0...1 and is reliable for few trials; without trials, 0...1.
    /// - Precondition: `successes` is from 0 to `trials`, `level` between 0 and 1.
    public static func wilson(
        successes: Int, trials: Int, level: Double = 0.95
    ) -> ConfidenceInterval {
        precondition((0...max(trials, 0)).contains(successes), "more successes than trials")
        guard trials > 0 else { return ConfidenceInterval(lower: 0, upper: 1, level: level) }
        let count = Double(trials)
        let share = Double(successes) / count
        let z = normalQuantile(twoSided: level)
        let scale = 1 + z * z / count
        let centre = (share + z * z / (2 * count)) / scale
        let half =
            z / scale * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
        return ConfidenceInterval(
            lower: successes == 0 ? 0 : max(0, centre - half),
            upper: successes == trials ? 1 : min(1, centre + half), level: level)
    }

    /// The z with P(|Z| <= z) = level for a standard normal Z, found by halving: exact to the last
    /// digits, and rarely computed.
    static func normalQuantile(twoSided level: Double) -> Double {
        precondition(level > 0 && level < 1, "a level of confidence lies between 0 and 1")
        var low = 0.0
        var high = 40.0
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if erfc(middle / 2.0.squareRoot()) > 1 - level { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
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
