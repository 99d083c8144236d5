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
        try intervals(count: count, resamples: resamples, level: level, key: key) { indices in
            [try statistic(indices)]
        }.first ?? nil
    }

    /// The interval of one metric of a classifier.
    public static func interval(
        of metric: (ClassificationMetrics) -> Double?, _ predictions: Predictions,
        positive: Int? = nil, resamples: Int = defaultResamples, level: Double = 0.95,
        key: RandomKey
    ) -> ConfidenceInterval? {
        interval(count: predictions.count, resamples: resamples, level: level, key: key) {
            metric(ClassificationMetrics(predictions.selecting($0), positive: positive))
        }
    }

    /// The intervals of all metrics of a classifier, over the same resamples, by the names of
    /// ``ClassificationMetrics/all``.
    public static func intervals(
        of predictions: Predictions, positive: Int? = nil, resamples: Int = defaultResamples,
        level: Double = 0.95, key: RandomKey
    ) -> [String: ConfidenceInterval] {
        let metrics = ClassificationMetrics.all
        let found = intervals(
            count: predictions.count, resamples: resamples, level: level, key: key
        ) { indices in
            let measured = ClassificationMetrics(
                predictions.selecting(indices), positive: positive)
            return metrics.map { $0.value(measured) }
        }
        return zip(metrics, found).reduce(into: [:]) { $0[$1.0.name] = $1.1 }
    }

    /// The intervals of several statistics over the same resamples.
    private static func intervals(
        count: Int, resamples: Int, level: Double, key: RandomKey,
        statistics: ([Int]) throws -> [Double?]
    ) rethrows -> [ConfidenceInterval?] {
        precondition(level > 0 && level < 1, "a level of confidence lies between 0 and 1")
        guard count > 0 else { return [] }
        var values: [[Double]] = []
        for resample in 0..<max(0, resamples) {
            var generator = key.child(resample).generator()
            let found = try statistics((0..<count).map { _ in generator.index(below: count) })
            if values.isEmpty { values = Array(repeating: [], count: found.count) }
            for (index, value) in found.enumerated() {
                if let value, value.isFinite { values[index].append(value) }
            }
        }
        return values.map { values in
            guard !values.isEmpty else { return nil }
            let sorted = values.sorted()
            return ConfidenceInterval(
                lower: quantile(ofSorted: sorted, (1 - level) / 2),
                upper: quantile(ofSorted: sorted, (1 + level) / 2), level: level)
        }
    }
}
