import Support

/// Percentile bootstrap (Efron, Annals of Statistics 1979): the statistic's spread over samples
/// drawn with replacement from the examples.
public enum Bootstrap {
    /// The default number of resamples.
    public static let defaultResamples = 2_000

    /// The interval of any statistic of examples.
    ///
    /// Each resample has its own key, so two statistics under one key see the same resamples.
    /// - Parameters:
    ///   - count: number of examples.
    ///   - resamples: number of resamples.
    ///   - level: confidence, between 0 and 1.
    ///   - key: decides the resamples.
    ///   - statistic: the statistic of the examples with these indices, `count` of them; nil or a
    ///     value that is not finite where it is undefined: such resamples are left out.
    /// - Returns: nil if there are no examples, or the statistic is undefined for all resamples.
    /// - Precondition: `level` lies between 0 and 1.
    /// - Complexity: `resamples` calls of the statistic.
    public static func interval(
        count: Int, resamples: Int = defaultResamples, level: Double = 0.95, key: RandomKey,
        statistic: ([Int]) throws -> Double?
    ) rethrows -> ConfidenceInterval? {
        precondition(level > 0 && level < 1, "a level of confidence lies between 0 and 1")
        guard count > 0 else { return nil }
        var values: [Double] = []
        for resample in 0..<max(0, resamples) {
            var generator = key.child(resample).generator()
            let found = try statistic((0..<count).map { _ in generator.index(below: count) })
            if let found, found.isFinite { values.append(found) }
        }
        guard !values.isEmpty else { return nil }
        values.sort()
        return ConfidenceInterval(
            lower: quantile(ofSorted: values, (1 - level) / 2),
            upper: quantile(ofSorted: values, (1 + level) / 2), level: level)
    }
}
