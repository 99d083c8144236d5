import Support

/// A bin of a calibration curve: the examples whose confidence lies in `(lower, upper]`.
public struct CalibrationBin: Sendable, Equatable, Codable {
    /// Lower end of the confidences, exclusive (but for the first bin).
    public let lower: Double
    /// Upper end of the confidences, inclusive.
    public let upper: Double
    /// Number of examples.
    public let count: Int
    /// Share of right predictions; 0 in an empty bin.
    public let accuracy: Double
    /// Mean confidence; 0 in an empty bin.
    public let confidence: Double
}

/// How often a model is right at each level of confidence (a reliability diagram), after Guo,
/// Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, ICML 2017.
public struct CalibrationCurve: Sendable, Equatable, Codable {
    /// Number of bins in the paper's experiments.
    public static let defaultBinCount = 15

    /// Bins of equal width from 0 to 1.
    public let bins: [CalibrationBin]

    /// Sorts predictions into bins by the probability of the predicted class; where rows have several labels,
    /// all labels of all rows by the probability that the row has it.
    /// - Precondition: `binCount` is positive.
    public init(_ predictions: Predictions, binCount: Int = defaultBinCount) {
        precondition(binCount > 0, "a calibration curve needs bins")
        var counts = [Int](repeating: 0, count: binCount)
        var right = [Int](repeating: 0, count: binCount)
        var sums = [Double](repeating: 0, count: binCount)
        for (confidence, isRight) in zip(predictions.confidences, predictions.confirmations) {
            let place = (Double(confidence) * Double(binCount)).rounded(.up)
            let bin = min(max(Int(place) - 1, 0), binCount - 1)
            counts[bin] += 1
            right[bin] += isRight ? 1 : 0
            sums[bin] += Double(confidence)
        }
        bins = (0..<binCount).map { bin in
            let count = Double(max(1, counts[bin]))
            return CalibrationBin(
                lower: Double(bin) / Double(binCount), upper: Double(bin + 1) / Double(binCount),
                count: counts[bin], accuracy: Double(right[bin]) / count,
                confidence: sums[bin] / count)
        }
    }

    /// Expected calibration error: the mean over examples of |accuracy - confidence| of their bin
    /// (equation 3 of the paper), from 0 to 1.
    public var expectedError: Double {
        let total = bins.reduce(0) { $0 + $1.count }
        return bins.reduce(0) { sum, bin in
            sum + Double(bin.count) * abs(bin.accuracy - bin.confidence)
        } / Double(max(1, total))
    }

    /// The expected calibration error that probabilities have where each is exactly right, from chance alone: with
    /// few rows a bin's accuracy is far from its confidence. The mean over draws of what is true.
    /// - Precondition: `draws` is positive.
    public static func errorByChance(
        _ predictions: Predictions, binCount: Int = defaultBinCount, draws: Int = 200,
        key: RandomKey
    ) -> Double {
        precondition(draws > 0, "a mean over draws")
        let confidences = predictions.confidences.map(Double.init)
        guard !confidences.isEmpty else { return 0 }
        let bins = confidences.map {
            min(max(Int(($0 * Double(binCount)).rounded(.up)) - 1, 0), binCount - 1)
        }
        var generator = key.generator()
        let total = (0..<draws).reduce(0.0) { sum, _ in
            var differences = [Double](repeating: 0, count: binCount)
            for (bin, confidence) in zip(bins, confidences) {
                let isTrue = Double.random(in: 0..<1, using: &generator) < confidence
                differences[bin] += (isTrue ? 1 : 0) - confidence
            }
            return sum + differences.reduce(0) { $0 + abs($1) }
        }
        return total / Double(draws * confidences.count)
    }

    /// Largest |accuracy - confidence| of a bin that is not empty (equation 5 of the paper).
    public var maximumError: Double {
        bins.reduce(0) { max($0, $1.count == 0 ? 0 : abs($1.accuracy - $1.confidence)) }
    }
}
