import Foundation
import Metrics
import Support

/// How far a text lies from those of training: 1 minus the cosine of the angle between its mean hidden state and
/// the nearest class's mean. Lengths of hidden states say little of what a text is about; Mahalanobis
/// distances, which hear them, tell texts of no class apart much less well (`docs/trust.md`).
///
///     let familiarity = try #require(Familiarity(rows, width: 384, targets: features.targets))
///     let distances = familiarity.distances(others)    // 0 to 2
public struct Familiarity: Sendable, Hashable {
    /// Numbers of a row.
    public let width: Int
    /// The mean direction of each class or label, of length 1: `[groups, width]`. One for rows of numbers.
    public let means: [Float]

    /// Number of classes.
    public var count: Int { means.count / width }

    /// Rows that means and held-out distances are computed from at most.
    public static let mostRows = 10_000

    /// Means that were fitted before.
    /// - Precondition: there is at least one.
    public init(means: [Float], width: Int) {
        precondition(width > 0 && !means.isEmpty && means.count % width == 0, "rows of one width")
        self.width = width
        self.means = means
    }

    /// Computes the means.
    /// - Parameters:
    ///   - rows: `[examples, width]`, row by row.
    ///   - targets: one for each example. A row with several labels counts for each of them.
    /// - Returns: `nil` where there is nothing to learn from: no row, or only rows of zeros.
    public init?(_ rows: [Float], width: Int, targets: Targets) {
        precondition(rows.count == targets.count * width, "a row for each target")
        var sums: [Int: [Double]] = [:]
        for row in 0..<targets.count {
            guard let direction = Self.direction(rows, row, width) else { continue }
            for group in Self.groups(targets, row) {
                var sum = sums[group] ?? Array(repeating: 0, count: width)
                for column in 0..<width { sum[column] += direction[column] }
                sums[group] = sum
            }
        }
        // Classes without a row, as where one is left out, have no mean.
        let means = sums.keys.sorted().compactMap { Self.normalized(sums[$0] ?? []) }
        guard !means.isEmpty else { return nil }
        self.init(means: means.flatMap { $0.map { Float($0) } }, width: width)
    }

    /// What a row's direction counts for.
    private static func groups(_ targets: Targets, _ row: Int) -> [Int] {
        switch targets {
        case .classes(let labels): return [Int(labels[row])]
        case .labels(let matrix, let count):
            let own = (0..<count).filter { matrix[row * count + $0] > 0 }
            return own.isEmpty ? [count] : own
        case .numbers: return [0]
        }
    }

    private static func direction(_ rows: [Float], _ row: Int, _ width: Int) -> [Double]? {
        normalized(rows[row * width..<(row + 1) * width].map(Double.init))
    }

    /// - Returns: `nil` for zeros, and for what is not finite.
    private static func normalized(_ values: [Double]) -> [Double]? {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 && length.isFinite ? values.map { $0 / length } : nil
    }

    /// The distance of each row to the nearest class, from 0 to 2; 1 for a row of zeros.
    /// - Parameter rows: `[examples, width]`, row by row.
    /// - Complexity: `classes * width` operations a row.
    public func distances(_ rows: [Float]) -> [Double] {
        (0..<rows.count / width).map { row in
            guard let direction = Self.direction(rows, row, width) else { return 1 }
            let nearest = (0..<count).map { group in
                var cosine = 0.0
                for column in 0..<width {
                    cosine += direction[column] * Double(means[group * width + column])
                }
                return cosine
            }.max()
            return min(2, max(0, 1 - (nearest ?? 0)))
        }
    }
}

extension Familiarity {
    /// Parts that rows are split into.
    static let folds = 5

    /// Computes means of all rows, and the distance of each row to means without it.
    /// - Parameters:
    ///   - groups: rows of one number are measured together; one for each row.
    ///   - key: decides the parts.
    /// - Returns: `nil` where there is too little to learn from.
    public static func fit(
        _ rows: [Float], width: Int, targets: Targets, groups: [Int], key: RandomKey
    ) -> (familiarity: Familiarity, heldOut: ConformalScores)? {
        let count = targets.count
        var generator = key.generator()
        let order = Array(Set(groups)).sorted().shuffled(using: &generator)
        guard order.count >= folds,
            let all = Familiarity(rows, width: width, targets: targets)
        else { return nil }
        var foldOfGroup: [Int: Int] = [:]
        for (place, group) in order.enumerated() { foldOfGroup[group] = place % folds }
        func taken(_ places: [Int]) -> [Float] {
            places.flatMap { rows[$0 * width..<($0 + 1) * width] }
        }
        var distances: [Double] = []
        for fold in 0..<folds {
            let inside = (0..<count).filter { foldOfGroup[groups[$0]] == fold }
            let outside = (0..<count).filter { foldOfGroup[groups[$0]] != fold }
            guard
                let other = Familiarity(
                    taken(outside), width: width, targets: targets.rows(outside))
            else { return nil }
            distances += other.distances(taken(inside))
        }
        return (all, ConformalScores(distances))
    }
}
