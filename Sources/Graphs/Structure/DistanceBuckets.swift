import Foundation

/// Which row of a table of relative positions belongs to the distance between two tokens, query
/// minus key.
public enum DistanceBuckets: Hashable, Sendable {
    /// One row for each distance in `-span ..< span`; those beyond share the outermost rows (Shaw
    /// et al. 2018, section 3.2).
    case clipped(span: Int)
    /// DeBERTa-v2's: `buckets` rows on each side, of which half are for single distances and half for
    /// ranges that grow exponentially up to `farthest`; `2 buckets` rows (He et al. 2021).
    case logarithmic(buckets: Int, farthest: Int)
    /// T5's and MPNet's: one half of the rows for keys before the query and one for keys after it;
    /// each half has a part for single distances and a part for growing ranges up to `farthest`
    /// (Raffel et al. 2020, section 2.1).
    case halves(buckets: Int, farthest: Int)

    /// Distances beyond this, on either side, count as this.
    public static let farthest = 8191

    /// Rows of the table.
    public var count: Int {
        switch self {
        case .clipped(let span): 2 * span
        case .logarithmic(let buckets, _): 2 * buckets
        case .halves(let buckets, _): buckets
        }
    }

    /// The row for a distance.
    ///
    /// Logarithms are taken in float32, in the order of Hugging Face's `transformers`, so that a
    /// distance at the edge of a range falls on the same side.
    public func row(_ distance: Int) -> Int {
        let distance = min(max(distance, -Self.farthest), Self.farthest)
        switch self {
        case .clipped(let span):
            return min(max(distance + span, 0), 2 * span - 1)
        case .logarithmic(let buckets, let farthest):
            let middle = buckets / 2
            var bucket = distance
            if abs(distance) > middle {
                let scale = log(Float(Double(farthest - 1) / Double(middle)))
                let ratio = log(Float(abs(distance)) / Float(middle)) / scale
                let range = (ratio * Float(middle - 1)).rounded(.up)
                bucket = (Int(range) + middle) * (distance < 0 ? -1 : 1)
            }
            return min(max(bucket + buckets, 0), 2 * buckets - 1)
        case .halves(let buckets, let farthest):
            let half = buckets / 2
            let exact = half / 2
            let first = distance < 0 ? half : 0
            let length = abs(distance)
            if length < exact { return first + length }
            let scale = Float(log(Double(farthest) / Double(exact)))
            let ratio = log(Float(length) / Float(exact)) / scale
            return first + min(exact + Int(ratio * Float(half - exact)), half - 1)
        }
    }

    /// The smallest distance from which the row stays the same on both sides.
    public var reach: Int {
        let ends = (row(Self.farthest), row(-Self.farthest))
        var reach = Self.farthest
        while reach > 1, (row(reach - 1), row(1 - reach)) == ends { reach -= 1 }
        return reach
    }
}

/// What the distance between two tokens adds to their attention score.
public struct DistanceTerms: OptionSet, Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The query with a key of the distance (DeBERTa's content to position).
    public static let keys = DistanceTerms(rawValue: 1)
    /// The key with a query of the distance (DeBERTa's position to content).
    public static let queries = DistanceTerms(rawValue: 2)
    /// A number for the distance, one per head (T5, MPNet).
    public static let bias = DistanceTerms(rawValue: 4)

    /// Products that are summed in a score, including that of query and key.
    public var productCount: Int { 1 + (contains(.keys) ? 1 : 0) + (contains(.queries) ? 1 : 0) }
}
