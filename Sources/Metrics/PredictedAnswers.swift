import Foundation

/// What predictions say of single rows, whatever their targets.
extension Predictions {
    /// The labels that a model gives a row.
    /// - Precondition: rows have labels.
    public func given(row: Int) -> [Int] {
        (0..<classes).filter { isGiven($0, row: row) }
    }

    /// Whether each example's prediction is right: the class; with labels, all of them. Numbers are never
    /// right or wrong: see ``squaredErrors``.
    public var correct: [Bool] {
        switch targets {
        case .classes: return labels.indices.map { labels[$0] == predicted[$0] }
        case .labels(let matrix, _): return (0..<count).map { hasAllRight($0, matrix) }
        case .numbers: return [Bool](repeating: false, count: count)
        }
    }

    private func hasAllRight(_ row: Int, _ truth: [Float]) -> Bool {
        for label in 0..<classes {
            let isTrue = truth[row * classes + label] > 0
            if isTrue != isGiven(label, row: row) { return false }
        }
        return true
    }

    /// The squared distance of each predicted number from the true one.
    /// - Precondition: numbers are predicted.
    public var squaredErrors: [Double] {
        guard case .numbers(let truth, _) = targets else { preconditionFailure("numbers") }
        return truth.indices.map { row -> Double in
            let distance = Double(truth[row]) - Double(probabilities[row])
            return distance * distance
        }
    }

    /// The probability of what a model says: of each example's predicted class; of each label of each
    /// example, that it has it. None for numbers.
    public var confidences: [Float] {
        switch targets {
        case .classes:
            return predicted.enumerated().map { row, label in
                probabilities[row * classes + label]
            }
        case .labels: return probabilities
        case .numbers: return []
        }
    }

    /// Whether what ``confidences`` are about is true.
    public var confirmations: [Bool] {
        switch targets {
        case .classes: correct
        case .labels(let matrix, _): matrix.map { $0 > 0 }
        case .numbers: []
        }
    }

    /// How likely the truth is by the predictions, which mixtures are weighted by: the probability of each
    /// example's true class; of each label, that it is there, or not; the normal density of each number,
    /// with the spread of the training rows for scale and half of that for the deviation, up to a factor.
    public var likelihoods: [Float] {
        switch targets {
        case .classes:
            return labels.enumerated().map { row, label in probabilities[row * classes + label] }
        case .labels(let matrix, _):
            return matrix.indices.map { place -> Float in
                let share: Float = probabilities[place]
                return matrix[place] > 0 ? share : 1 - share
            }
        case .numbers(_, let scale):
            let variance = 2 * 0.25 * scale.deviation * scale.deviation
            return squaredErrors.map { Float(exp(-$0 / variance)) }
        }
    }

    /// In how many rows two models' answers differ; `nil` for numbers, which always do.
    /// - Precondition: both are for the same rows.
    public func differences(from other: Predictions) -> Int? {
        switch targets {
        case .classes: zip(predicted, other.predicted).count { $0 != $1 }
        case .labels: (0..<count).count { given(row: $0) != other.given(row: $0) }
        case .numbers: nil
        }
    }
}
