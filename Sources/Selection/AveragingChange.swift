import Foundation
import Metrics

/// What averaging further trainings of the same heads changes in the temperature that fits their answers.
///
/// A portfolio's temperature is found on rows that one training of each head has not seen; but several trainings
/// of each answer, whose mean is less sure and right more often. Two trainings that have not seen dev say by how
/// much: their mean takes away half of what single trainings vary by, that of n takes away 1 - 1/n.
enum AveragingChange {
    /// The factor for the temperature; 1 where nothing is averaged.
    /// - Parameters:
    ///   - first: a training's answers for some rows that it has not seen, one for each head.
    ///   - second: another training's for the same rows; the same for a head that is fitted exactly.
    ///   - weights: the heads' shares.
    ///   - replicas: trainings of each head that answer together.
    /// - Throws: `MetricsError` where the rows differ.
    static func factor(
        first: [Predictions], second: [Predictions], weights: [Double], replicas: [Int]
    ) throws -> Double {
        let single = try [first, second].map { try Predictions(mixing: $0, weights: weights) }
        let both = try Predictions(
            mixing: try zip(first, second).map { try Predictions(averaging: [$0, $1]) },
            weights: weights)
        let change = try of(single, together: both)
        // Heads that are fitted exactly add nothing to the change that was measured.
        let averaged = zip(weights, replicas).filter { $1 > 1 }
        let share = averaged.reduce(0) { $0 + $1.0 }
        guard share > 0 else { return 1 }
        let taken = averaged.reduce(0) { $0 + $1.0 * (1 - 1 / Double($1.1)) } / share
        return limited(pow(change, 2 * taken))
    }

    /// The factor between trainings and their mean, for the same rows that they have not seen.
    static func of(_ single: [Predictions], together mean: Predictions) throws -> Double {
        limited(Temperature.fit(mean) / Temperature.fit(try Predictions(pooling: single)))
    }

    /// Averages are never too sure, and a handful of rows may say anything.
    private static func limited(_ factor: Double) -> Double { min(1, max(0.5, factor)) }
}
