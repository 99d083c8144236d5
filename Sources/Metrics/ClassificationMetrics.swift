import Foundation

/// All metrics of a classifier on a split. Shares are fractions of 1.
///
/// Degenerate cases are those of scikit-learn: a ratio with a zero denominator is 0, classes that
/// occur nowhere are left out of macro F1, and classes without examples are left out of balanced
/// accuracy.
public struct ClassificationMetrics: Sendable, Equatable, Codable {
    /// Share of right predictions.
    public var accuracy: Double
    /// F1 of the positive class, whatever the number of classes; `nil` in a task without one.
    public var f1: Double?
    /// Mean F1 of the classes that occur among labels or predictions.
    public var macroF1: Double
    /// Matthews' correlation coefficient (Gorodkin's R_K), from -1 to 1.
    public var mcc: Double
    /// Mean recall of the classes that occur among the labels.
    public var balancedAccuracy: Double
    /// Mean of -ln p(true class), in nats; p is clipped away from 0 and 1 by the precision of a
    /// float.
    public var crossEntropy: Double
    /// Expected calibration error in 15 bins of equal width.
    public var calibrationError: Double
    /// Mean squared distance of the probabilities from the true class: of two classes
    /// (p(1) - y)^2, from 0 to 1; of more, the sum over classes, from 0 to 2.
    public var brier: Double
    /// Number of examples.
    public var count: Int

    /// The names are read by scripts and do not change.
    enum CodingKeys: String, CodingKey {
        case accuracy
        case f1
        case macroF1
        case mcc
        case balancedAccuracy
        case crossEntropy
        case calibrationError
        case brier
        case count
    }

    /// Measures predictions.
    /// - Parameter positive: the class that ``f1`` is about.
    /// - Precondition: `positive` is one of the classes.
    public init(_ predictions: Predictions, positive: Int? = nil) {
        let matrix = ConfusionMatrix(predictions)
        accuracy = matrix.accuracy
        macroF1 = matrix.macroF1
        f1 = positive.map(matrix.f1(of:))
        mcc = matrix.mcc
        balancedAccuracy = matrix.balancedAccuracy
        crossEntropy = Self.crossEntropy(predictions)
        calibrationError = CalibrationCurve(predictions).expectedError
        brier = Self.brier(predictions)
        count = predictions.count
    }

    /// Measures probabilities `[examples, classes]`, row by row.
    /// - Throws: ``MetricsError``.
    public init(
        labels: [Int], probabilities: [Float], classes: Int, positive: Int? = nil
    ) throws {
        let predictions = try Predictions(
            labels: labels, probabilities: probabilities, classes: classes)
        try self.init(checking: positive, predictions)
    }

    /// Measures probabilities, one array for each example.
    /// - Throws: ``MetricsError``.
    public init(labels: [Int], probabilities: [[Float]], positive: Int? = nil) throws {
        try self.init(
            checking: positive, try Predictions(labels: labels, probabilities: probabilities))
    }

    private init(checking positive: Int?, _ predictions: Predictions) throws {
        if let positive, !(0..<predictions.classes).contains(positive) {
            throw MetricsError.labelOutOfRange(
                what: "positive label", row: 0, label: positive, classes: predictions.classes)
        }
        self.init(predictions, positive: positive)
    }

    /// Metrics by name, for resampling and tables.
    public static let all: [(name: String, value: @Sendable (ClassificationMetrics) -> Double?)] = [
        (CodingKeys.accuracy.rawValue, { $0.accuracy }),
        (CodingKeys.f1.rawValue, { $0.f1 }),
        (CodingKeys.macroF1.rawValue, { $0.macroF1 }),
        (CodingKeys.mcc.rawValue, { $0.mcc }),
        (CodingKeys.balancedAccuracy.rawValue, { $0.balancedAccuracy }),
        (CodingKeys.crossEntropy.rawValue, { $0.crossEntropy }),
        (CodingKeys.calibrationError.rawValue, { $0.calibrationError }),
        (CodingKeys.brier.rawValue, { $0.brier }),
    ]

    /// The mean of each metric over several seeds on the same split.
    /// - Throws: ``MetricsError`` when there are none, or the numbers of examples differ.
    public static func mean(
        of metrics: [ClassificationMetrics]
    ) throws -> ClassificationMetrics {
        guard var mean = metrics.first else { throw MetricsError.empty(what: "seeds") }
        for other in metrics where other.count != mean.count {
            throw MetricsError.unequalCounts(
                what: "examples of every seed", expected: mean.count, found: other.count)
        }
        func average(_ path: KeyPath<ClassificationMetrics, Double>) -> Double {
            metrics.reduce(0) { $0 + $1[keyPath: path] } / Double(metrics.count)
        }
        mean.accuracy = average(\.accuracy)
        let f1 = metrics.compactMap(\.f1)
        mean.f1 =
            f1.count == metrics.count ? f1.reduce(0, +) / Double(metrics.count) : nil
        mean.macroF1 = average(\.macroF1)
        mean.mcc = average(\.mcc)
        mean.balancedAccuracy = average(\.balancedAccuracy)
        mean.crossEntropy = average(\.crossEntropy)
        mean.calibrationError = average(\.calibrationError)
        mean.brier = average(\.brier)
        return mean
    }

    /// Probabilities are clipped as scikit-learn's `log_loss` clips float32.
    private static func crossEntropy(_ predictions: Predictions) -> Double {
        let margin = Double(Float.ulpOfOne)
        var sum = 0.0
        for (row, label) in predictions.labels.enumerated() {
            let probability = Double(predictions.probabilities[row * predictions.classes + label])
            sum -= log(min(max(probability, margin), 1 - margin))
        }
        return sum / Double(predictions.count)
    }

    private static func brier(_ predictions: Predictions) -> Double {
        let classes = predictions.classes
        var sum = 0.0
        for (row, label) in predictions.labels.enumerated() {
            for index in 0..<classes {
                let target = index == label ? 1.0 : 0.0
                let difference = Double(predictions.probabilities[row * classes + index]) - target
                sum += difference * difference
            }
        }
        return sum / Double(predictions.count) * (classes < 3 ? 0.5 : 1)
    }
}
