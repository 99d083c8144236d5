import Support

/// Ranks, and how well two orders agree.
public enum RankStatistics {
    /// Ranks from 1, the smallest value first; equal values share the mean of their ranks.
    ///
    /// NaN has no place in an order: ranks of values with a NaN among them are all NaN.
    /// - Complexity: O(n log n).
    public static func ranks(_ values: [Double]) -> [Double] {
        guard !values.contains(where: \.isNaN) else {
            return Array(repeating: .nan, count: values.count)
        }
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            // Ranks start + 1 to end, on average.
            let mean = Double(start + 1 + end) / 2
            for place in start..<end { ranks[order[place]] = mean }
            start = end
        }
        return ranks
    }

    /// Spearman's rho: Pearson's correlation of the ranks, from -1 to 1.
    /// - Returns: nil where it is undefined: below two pairs, all values of one side equal, a NaN.
    /// - Precondition: both lists are equally long.
    /// - Complexity: O(n log n).
    public static func spearman(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "a correlation needs pairs")
        return pearson(ranks(x), ranks(y))
    }

    /// Kendall's tau-b, which accounts for ties, from -1 to 1.
    ///
    /// Discordant pairs are the exchanges of a merge sort (Knight, JASA 1966).
    /// - Returns: nil where it is undefined: below two pairs, all values of one side equal, a NaN.
    /// - Precondition: both lists are equally long.
    /// - Complexity: O(n log n).
    public static func kendall(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "a correlation needs pairs")
        guard !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return nil }
        let order = x.indices.sorted { x[$0] == x[$1] ? y[$0] < y[$1] : x[$0] < x[$1] }
        let sortedX = order.map { x[$0] }
        var sortedY = order.map { y[$0] }
        let tiedX = tiedPairs(count: x.count) { sortedX[$0] == sortedX[$1] }
        let tiedBoth = tiedPairs(count: x.count) {
            sortedX[$0] == sortedX[$1] && sortedY[$0] == sortedY[$1]
        }
        let exchanges = mergeSort(&sortedY)
        let tiedY = tiedPairs(count: x.count) { sortedY[$0] == sortedY[$1] }
        let pairs = x.count * (x.count - 1) / 2
        guard pairs > tiedX, pairs > tiedY else { return nil }
        let concordantMinusDiscordant = pairs - tiedX - tiedY + tiedBoth - 2 * exchanges
        let scale = Double(pairs - tiedX).squareRoot() * Double(pairs - tiedY).squareRoot()
        return min(1, max(-1, Double(concordantMinusDiscordant) / scale))
    }

    /// The percentile bootstrap interval of Spearman's rho over resampled pairs.
    /// - Returns: nil if rho is undefined for all resamples.
    /// - Precondition: both lists are equally long, `level` lies between 0 and 1.
    public static func spearmanInterval(
        _ x: [Double], _ y: [Double], resamples: Int = Bootstrap.defaultResamples,
        level: Double = 0.95, key: RandomKey
    ) -> ConfidenceInterval? {
        precondition(x.count == y.count, "a correlation needs pairs")
        return Bootstrap.interval(count: x.count, resamples: resamples, level: level, key: key) {
            indices in spearman(indices.map { x[$0] }, indices.map { y[$0] })
        }
    }

    /// Pearson's correlation, from -1 to 1.
    /// - Returns: nil where it is undefined: below two pairs, all values of one side equal, a NaN.
    /// - Precondition: both lists are equally long.
    public static func pearson(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "a correlation needs pairs")
        guard x.count > 1 else { return nil }
        let meanX = x.reduce(0, +) / Double(x.count)
        let meanY = y.reduce(0, +) / Double(y.count)
        var covariance = 0.0
        var varianceX = 0.0
        var varianceY = 0.0
        for (a, b) in zip(x, y) {
            covariance += (a - meanX) * (b - meanY)
            varianceX += (a - meanX) * (a - meanX)
            varianceY += (b - meanY) * (b - meanY)
        }
        // False for NaN too.
        guard varianceX > 0, varianceY > 0 else { return nil }
        return min(1, max(-1, covariance / (varianceX.squareRoot() * varianceY.squareRoot())))
    }

    /// Number of pairs within runs of neighbours that are equal.
    private static func tiedPairs(count: Int, _ equal: (Int, Int) -> Bool) -> Int {
        var pairs = 0
        var run = 0
        for index in stride(from: 1, to: count, by: 1) {
            run = equal(index - 1, index) ? run + 1 : 0
            pairs += run
        }
        return pairs
    }

    /// Sorts, and counts by how many places all values moved past larger ones.
    private static func mergeSort(_ values: inout [Double]) -> Int {
        var exchanges = 0
        var scratch = values
        var width = 1
        while width < values.count {
            for start in stride(from: 0, to: values.count, by: 2 * width) {
                let middle = min(start + width, values.count)
                let end = min(start + 2 * width, values.count)
                var left = start
                var right = middle
                for place in start..<end {
                    if right == end || (left < middle && values[left] <= values[right]) {
                        scratch[place] = values[left]
                        left += 1
                    } else {
                        scratch[place] = values[right]
                        right += 1
                        exchanges += middle - left
                    }
                }
            }
            swap(&values, &scratch)
            width *= 2
        }
        return exchanges
    }
}
