import Foundation

/// How far a model was off on rows that it had not seen, from which answers with a promised coverage follow:
/// split-conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005;
/// Papadopoulos et al., ECML 2002).
///
/// The score of a row with a class is 1 minus the probability of its true class, which gives the smallest sets
/// of all scores where probabilities are right (Sadinle, Lei and Wasserman, JASA 2019); that of a number the
/// distance to the true one. A text that is drawn like the held-out rows has its true class in the
/// set, or its number in the interval, with probability `1 - miscoverage` at least: over all texts, not
/// within each class.
///
///     let scores = ConformalScores(heldOut)
///     let set = scores?.set(of: [0.62, 0.31, 0.07], miscoverage: 0.05)    // e.g. [0, 1]
public struct ConformalScores: Sendable, Hashable, Codable {
    /// Scores that are stored at most. Of more rows the next higher one of those that are stored is taken,
    /// which widens sets by a thousandth of the rows at most.
    static let largestTable = 1000

    /// Held-out rows.
    public let rows: Int
    /// Their scores, ascending: all of them; of more than 1,000 rows 1,000 at equal distances in rank, the
    /// largest among them.
    public let scores: [Double]

    /// The scores of held-out predictions; `nil` where rows have several labels.
    public init?(_ heldOut: Predictions) {
        switch heldOut.targets {
        case .classes:
            self.init(heldOut.likelihoods.map { Self.score($0) })
        case .numbers:
            self.init(heldOut.squaredErrors.map { $0.squareRoot() })
        case .labels: return nil
        }
    }

    /// Any scores, in any order, of which larger ones are worse.
    /// - Precondition: at least one; all are finite.
    public init(_ scores: [Double]) {
        precondition(!scores.isEmpty && scores.allSatisfy(\.isFinite), "finite scores of rows")
        let sorted = scores.sorted()
        let count = min(sorted.count, Self.largestTable)
        rows = sorted.count
        self.scores = (0..<count).map {
            Self.rounded(sorted[Self.rank($0, count, sorted.count) - 1])
        }
    }

    /// The score of a class with some probability.
    private static func score(_ probability: Float) -> Double { 1 - Double(probability) }

    /// The rank among all rows, from 1, of a stored score.
    private static func rank(_ place: Int, _ count: Int, _ rows: Int) -> Int {
        ((place + 1) * rows + count - 1) / count
    }

    /// Six digits, rounded up: no set becomes smaller by it.
    private static func rounded(_ score: Double) -> Double {
        guard score != 0 else { return 0 }
        let unit = pow(10, floor(log10(abs(score))) - 5)
        // Multiples of a decimal fraction are printed with many digits: the text says which one is meant.
        let up = (score / unit - 1e-6).rounded(.up) * unit
        return Double(String(format: "%.6g", up)).map { max($0, score) } ?? score
    }

    /// What is wrong with scores that were read from a file; `nil` where nothing is.
    /// - Parameter range: those that there can be.
    public func objection(in range: ClosedRange<Double>) -> String? {
        guard rows > 0, scores.count == min(rows, Self.largestTable) else {
            return "\(scores.count) scores of \(rows) rows: expected "
                + "\(max(0, min(rows, Self.largestTable)))"
        }
        // A comparison with NaN is false.
        guard scores.allSatisfy({ range.contains($0) }) else {
            return "scores: expected numbers from \(range.lowerBound) to \(range.upperBound)"
        }
        return zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 }
            ? nil : "scores: expected ascending numbers"
    }

    // MARK: What follows

    /// The least miscoverage that so many rows can promise: `1 / (rows + 1)`.
    public var leastMiscoverage: Double { 1 / Double(rows + 1) }

    /// The largest score that is kept: the `ceil((rows + 1)(1 - miscoverage))`-th smallest; `nil` where there
    /// are too few rows, and everything has to be kept.
    /// - Precondition: the miscoverage is above 0 and below 1.
    public func threshold(_ miscoverage: Double) -> Double? {
        precondition(miscoverage > 0 && miscoverage < 1, "a share of the texts")
        // As decimals are not exact, 0.05 of 19 + 1 rows must not become a little less than one row.
        let rank = max(1, Int((Double(rows + 1) * (1 - miscoverage) - 1e-9).rounded(.up)))
        guard rank <= rows else { return nil }
        let place = scores.indices.first { Self.rank($0, scores.count, rows) >= rank }
        return scores[place ?? scores.count - 1]
    }

    /// What files and model cards say, beside the scores.
    public static let usualMiscoverages = [0.01, 0.02, 0.05, 0.1, 0.2]

    /// The largest score that is kept for each usual miscoverage that so many rows can promise.
    public var usualThresholds: [(miscoverage: Double, score: Double)] {
        Self.usualMiscoverages.compactMap { miscoverage in
            threshold(miscoverage).map { (miscoverage, $0) }
        }
    }

    /// The classes that remain, by index, ascending; there may be none.
    /// - Parameter probabilities: one for each class.
    public func set(of probabilities: [Float], miscoverage: Double) -> [Int] {
        guard let threshold = threshold(miscoverage) else { return Array(probabilities.indices) }
        return probabilities.indices.filter { Self.score(probabilities[$0]) <= threshold }
    }

    /// The interval around a predicted number; `nil` where there are too few rows.
    public func interval(around value: Double, miscoverage: Double) -> ClosedRange<Double>? {
        threshold(miscoverage).map { value - $0...value + $0 }
    }

    /// The share of held-out rows with a score as large or larger, this one counted (a conformal p-value): of
    /// texts like those rows `p` or less have a value of `p` at most, whatever `p`.
    public func share(from score: Double) -> Double {
        // The first stored score that is not below: rows before it are.
        guard let place = scores.firstIndex(where: { $0 >= score }) else { return leastMiscoverage }
        let below = place == 0 ? 0 : Self.rank(place - 1, scores.count, rows)
        return Double(rows - below + 1) / Double(rows + 1)
    }
}

/// What prediction sets do on rows whose answers are known.
public struct CoverageMetrics: Sendable, Equatable, Codable {
    /// The promised share of rows whose set lacks the truth, at most.
    public let miscoverage: Double
    /// Share of rows whose set has the true class, or whose interval has the true number.
    public let coverage: Double
    /// Mean number of classes in a set; of numbers the width of the interval.
    public let size: Double
    /// Share of rows that get an answer: those with one class in the set. 1 for numbers.
    public let answered: Double
    /// Share of right answers among those; `nil` where there is none, and for numbers.
    public let accuracy: Double?

    /// - Returns: `nil` for several labels a row, and where there are too few held-out rows for the promise.
    public init?(_ predictions: Predictions, _ scores: ConformalScores, miscoverage: Double) {
        guard let threshold = scores.threshold(miscoverage) else { return nil }
        let count = Double(predictions.count)
        self.miscoverage = miscoverage
        switch predictions.targets {
        case .labels: return nil
        case .numbers:
            coverage =
                Double(predictions.squaredErrors.count { $0.squareRoot() <= threshold }) / count
            (size, answered, accuracy) = (2 * threshold, 1, nil)
        case .classes:
            var (covered, total, single, right) = (0, 0, 0, 0)
            for (row, label) in predictions.labels.enumerated() {
                let classes = predictions.classes
                let values = predictions.probabilities[row * classes..<(row + 1) * classes]
                let set = scores.set(of: Array(values), miscoverage: miscoverage)
                if set.contains(label) { covered += 1 }
                total += set.count
                if set.count == 1 {
                    single += 1
                    if set[0] == label { right += 1 }
                }
            }
            coverage = Double(covered) / count
            size = Double(total) / count
            answered = Double(single) / count
            accuracy = single > 0 ? Double(right) / Double(single) : nil
        }
    }
}
