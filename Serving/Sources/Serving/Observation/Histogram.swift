/// Counts of observations up to some bounds, as Prometheus has them.
struct Histogram: Sendable {
    /// Ascending.
    let bounds: [Double]
    /// Observations above the bound before and up to each; the last are above all.
    private var counts: [Int]
    private(set) var sum = 0.0
    private(set) var count = 0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
        count += 1
    }

    /// Observations up to each bound, and all.
    var cumulative: [(bound: String, count: Int)] {
        var total = 0
        return zip(bounds.map { Self.text($0) } + ["+Inf"], counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }

    /// Whole numbers without a fraction.
    static func text(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? String(value)
    }
}
