import Support
import Tensors

/// Groups of rows that say about the same, found by k-means with a weight for each row (Lloyd 1982, begun as
/// k-means++; Arthur and Vassilvitskii, SODA 2007).
struct WeightedClusters {
    /// The row nearest to the centre of each group, as many as are wanted if there are; the group with the largest weight first.
    let rows: [Int]
    /// Rows of each of those groups.
    let sizes: [Int]

    private static let iterations = 20

    /// - Parameters:
    ///   - values: `[count, width]`, each of length one.
    ///   - weights: how much each row counts, not negative.
    ///   - groups: how many to find.
    /// - Complexity: O(count * width * groups) for each of 20 iterations.
    init(_ values: [Float], width: Int, weights: [Double], groups: Int, key: RandomKey) {
        let count = weights.count
        let wanted = min(groups, count)
        var generator = key.generator()
        // Squared distances to the nearest centre so far.
        var distances = [Double](repeating: 1, count: count)
        var centres: [Float] = []
        for _ in 0..<wanted {
            let row = Self.draw(zip(weights, distances).map { $0 * $1 }, &generator)
            let centre = Array(values[row * width..<(row + 1) * width])
            centres += centre
            let products = Self.products(values, centre, width: width, count: count, groups: 1)
            for place in 0..<count {
                let distance = max(0, 2 - 2 * Double(products[place]))
                distances[place] = min(centres.count == width ? 2 : distances[place], distance)
            }
        }
        var members = [Int](repeating: 0, count: count)
        for _ in 0..<Self.iterations {
            let assigned = Self.nearest(values, centres, width: width, count: count, groups: wanted)
            let isSame = assigned == members
            members = assigned
            if isSame { break }
            centres = Self.means(values, members, weights, centres, width: width)
        }
        let products = Self.products(
            values, centres, width: width, count: count, groups: wanted)
        let norms = Self.norms(centres, width: width)
        var found: [(row: Int, weight: Double, size: Int)] = []
        for group in 0..<wanted {
            let own = (0..<count).filter { members[$0] == group }
            func distance(_ row: Int) -> Float { norms[group] - 2 * products[row * wanted + group] }
            guard let row = own.min(by: { (distance($0), $0) < (distance($1), $1) }) else {
                continue
            }
            found.append((row, own.reduce(0) { $0 + weights[$1] }, own.count))
        }
        // Where rows are the same, some groups stay empty: the rows that count most make up for them.
        var left = Set(0..<count).subtracting(found.map(\.row))
        while found.count < wanted,
            let row = left.max(by: { (weights[$0], $1) < (weights[$1], $0) })
        {
            left.remove(row)
            if let place = found.firstIndex(where: {
                members[$0.row] == members[row] && $0.size > 1
            }) {
                found[place].size -= 1
                found[place].weight -= weights[row]
            }
            found.append((row, weights[row], 1))
        }
        found.sort { ($1.weight, $0.row) < ($0.weight, $1.row) }
        rows = found.map(\.row)
        sizes = found.map(\.size)
    }

    /// An index, with a probability in proportion to its share.
    private static func draw(_ shares: [Double], _ generator: inout RandomGenerator) -> Int {
        let sum = shares.reduce(0, +)
        guard sum > 0 else { return generator.index(below: shares.count) }
        var left = Double(generator.uniform()) * sum
        for (place, share) in shares.enumerated() {
            left -= share
            if left < 0 { return place }
        }
        return shares.lastIndex { $0 > 0 } ?? 0
    }

    /// Scalar products of rows and centres, `[count, groups]`.
    private static func products(
        _ values: [Float], _ centres: [Float], width: Int, count: Int, groups: Int
    ) -> [Float] {
        var result = [Float](repeating: 0, count: count * groups)
        values.withUnsafeBufferPointer { rows in
            centres.withUnsafeBufferPointer { others in
                result.withUnsafeMutableBufferPointer {
                    BLAS.multiply(
                        rows.baseAddress!, strideA: width, others.baseAddress!, .transposed,
                        strideB: width, into: $0.baseAddress!, strideC: groups, m: count, n: groups,
                        k: width)
                }
            }
        }
        return result
    }

    private static func norms(_ centres: [Float], width: Int) -> [Float] {
        stride(from: 0, to: centres.count, by: width).map { start in
            centres[start..<start + width].reduce(0) { $0 + $1 * $1 }
        }
    }

    private static func nearest(
        _ values: [Float], _ centres: [Float], width: Int, count: Int, groups: Int
    ) -> [Int] {
        let products = products(values, centres, width: width, count: count, groups: groups)
        let norms = norms(centres, width: width)
        return (0..<count).map { row in
            (0..<groups).min {
                (norms[$0] - 2 * products[row * groups + $0], $0)
                    < (norms[$1] - 2 * products[row * groups + $1], $1)
            } ?? 0
        }
    }

    /// The weighted means of the groups; a group without weight keeps its centre.
    private static func means(
        _ values: [Float], _ members: [Int], _ weights: [Double], _ centres: [Float], width: Int
    ) -> [Float] {
        var sums = [Double](repeating: 0, count: centres.count)
        var totals = [Double](repeating: 0, count: centres.count / width)
        for (row, group) in members.enumerated() {
            totals[group] += weights[row]
            for column in 0..<width {
                sums[group * width + column] +=
                    weights[row] * Double(values[row * width + column])
            }
        }
        return centres.indices.map { place in
            let total = totals[place / width]
            return total > 0 ? Float(sums[place] / total) : centres[place]
        }
    }
}
