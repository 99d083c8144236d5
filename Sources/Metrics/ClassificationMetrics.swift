import Foundation

/// All metrics of a model on a split. Shares are fractions of 1.
///
/// What means nothing for the kind of targets is not a number, or `nil`, and left out of JSON. Of labels
/// ``accuracy`` is the share of rows with all labels right, and ``calibrationError`` and ``brier`` are about
/// every label of every row; F1 depends on the predictions' thresholds.
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
    /// F1 of all labels of all rows together; `nil` where rows have one class, or a number.
    public var microF1: Double?
    /// Mean average precision of the labels that occur: how well each label ranks the rows, whatever the
    /// thresholds; `nil` where rows have one class, or a number.
    public var averagePrecision: Double?
    /// Average precision of all labels of all rows in one ranking.
    public var microAveragePrecision: Double?
    /// Pearson's correlation of predicted and true numbers, from -1 to 1; 0 where all predictions are
    /// equal; `nil` where rows have no number.
    public var pearson: Double?
    /// Spearman's correlation, that of the ranks; likewise.
    public var spearman: Double?
    /// Mean squared distance of predicted numbers from true ones, in the squared unit of the data.
    public var meanSquaredError: Double?
    /// Mean distance of predicted numbers from true ones, in the unit of the data.
    public var meanAbsoluteError: Double?
    /// Number of examples.
    public var count: Int
    /// What is the lower the better, for comparisons: the cross entropy; for numbers the mean squared error in
    /// units of the training rows' variance.
    public private(set) var loss = Double.nan

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
        case microF1
        case averagePrecision
        case microAveragePrecision
        case pearson
        case spearman
        case meanSquaredError
        case meanAbsoluteError
        case count
    }

    /// Measures predictions.
    /// - Parameter positive: the class that ``f1`` is about.
    /// - Precondition: `positive` is one of the classes.
    public init(_ predictions: Predictions, positive: Int? = nil) {
        switch predictions.targets {
        case .classes: self.init(classes: predictions, positive)
        case .labels(let truth, _): self.init(labels: predictions, truth)
        case .numbers(let truth, let scale): self.init(numbers: predictions, truth, scale)
        }
    }

    private init(classes predictions: Predictions, _ positive: Int?) {
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
        loss = crossEntropy
    }

    private init(labels predictions: Predictions, _ truth: [Float]) {
        let counts = LabelCounts(predictions, rows: nil)
        self.init(count: predictions.count)
        accuracy = Double(predictions.correct.count { $0 }) / Double(predictions.count)
        macroF1 = counts.macroF1
        microF1 = counts.microF1
        let precision = AveragePrecision(predictions, truth)
        averagePrecision = precision.mean
        microAveragePrecision = precision.pooled
        let margin = Double(Float.ulpOfOne)
        let cells = Double(truth.count)
        (crossEntropy, brier) = (0, 0)
        for (truth, probability) in zip(truth, predictions.probabilities) {
            let share = min(max(Double(probability), margin), 1 - margin)
            crossEntropy -= log(truth > 0 ? share : 1 - share) / cells
            brier +=
                (Double(probability) - Double(truth)) * (Double(probability) - Double(truth))
                / cells
        }
        calibrationError = CalibrationCurve(predictions).expectedError
        loss = crossEntropy
    }

    private init(numbers predictions: Predictions, _ truth: [Float], _ scale: NumberScale) {
        self.init(count: predictions.count)
        let (x, y) = (predictions.probabilities.map(Double.init), truth.map(Double.init))
        pearson = RankStatistics.pearson(x, y) ?? 0
        spearman = RankStatistics.spearman(x, y) ?? 0
        let squares = predictions.squaredErrors
        let count = Double(predictions.count)
        let error = squares.reduce(0, +) / count
        meanSquaredError = error
        meanAbsoluteError = squares.reduce(0) { $0 + $1.squareRoot() } / count
        loss = error / (scale.deviation * scale.deviation)
    }

    /// ``accuracy``; `nil` where it means nothing.
    public var knownAccuracy: Double? { accuracy.known }

    /// Nothing but the number of examples.
    private init(count: Int) {
        (accuracy, macroF1, mcc, balancedAccuracy) = (.nan, .nan, .nan, .nan)
        (crossEntropy, calibrationError, brier) = (.nan, .nan, .nan)
        self.count = count
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(count: try values.decode(Int.self, forKey: .count))
        func number(_ key: CodingKeys) throws -> Double? {
            try values.decodeIfPresent(Double.self, forKey: key)
        }
        func classMetric(_ key: CodingKeys) throws -> Double { try number(key) ?? .nan }
        accuracy = try classMetric(.accuracy)
        f1 = try number(.f1)
        macroF1 = try classMetric(.macroF1)
        mcc = try classMetric(.mcc)
        balancedAccuracy = try classMetric(.balancedAccuracy)
        crossEntropy = try classMetric(.crossEntropy)
        calibrationError = try classMetric(.calibrationError)
        brier = try classMetric(.brier)
        microF1 = try number(.microF1)
        averagePrecision = try number(.averagePrecision)
        microAveragePrecision = try number(.microAveragePrecision)
        pearson = try number(.pearson)
        spearman = try number(.spearman)
        meanSquaredError = try number(.meanSquaredError)
        meanAbsoluteError = try number(.meanAbsoluteError)
        loss = crossEntropy.isNaN ? meanSquaredError ?? .nan : crossEntropy
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        for (name, value) in Self.all {
            guard let value = value(self), !value.isNaN, let key = CodingKeys(rawValue: name)
            else { continue }
            try values.encode(value, forKey: key)
        }
        try values.encode(count, forKey: .count)
    }

    /// What is not a number on both sides is equal.
    public static func == (a: ClassificationMetrics, b: ClassificationMetrics) -> Bool {
        a.count == b.count
            && all.allSatisfy { metric in
                let (x, y) = (metric.value(a) ?? .nan, metric.value(b) ?? .nan)
                return x == y || x.isNaN && y.isNaN
            }
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
        (CodingKeys.microF1.rawValue, { $0.microF1 }),
        (CodingKeys.averagePrecision.rawValue, { $0.averagePrecision }),
        (CodingKeys.microAveragePrecision.rawValue, { $0.microAveragePrecision }),
        (CodingKeys.pearson.rawValue, { $0.pearson }),
        (CodingKeys.spearman.rawValue, { $0.spearman }),
        (CodingKeys.meanSquaredError.rawValue, { $0.meanSquaredError }),
        (CodingKeys.meanAbsoluteError.rawValue, { $0.meanAbsoluteError }),
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
        func averageOfAll(_ path: KeyPath<ClassificationMetrics, Double?>) -> Double? {
            let values = metrics.compactMap { $0[keyPath: path] }
            return values.count == metrics.count
                ? values.reduce(0, +) / Double(metrics.count) : nil
        }
        mean.f1 = averageOfAll(\.f1)
        mean.microF1 = averageOfAll(\.microF1)
        mean.averagePrecision = averageOfAll(\.averagePrecision)
        mean.microAveragePrecision = averageOfAll(\.microAveragePrecision)
        mean.pearson = averageOfAll(\.pearson)
        mean.spearman = averageOfAll(\.spearman)
        mean.meanSquaredError = averageOfAll(\.meanSquaredError)
        mean.meanAbsoluteError = averageOfAll(\.meanAbsoluteError)
        mean.loss = average(\.loss)
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

extension Double {
    /// `nil` where it is not a number: a metric that means nothing for the kind of targets.
    package var known: Double? { isNaN ? nil : self }
}
