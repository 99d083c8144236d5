/// How often examples of each class were predicted as each class, and the metrics that follow from
/// these counts alone.
///
/// A ratio whose denominator is zero is 0, as with scikit-learn's `zero_division=0`.
public struct ConfusionMatrix: Sendable, Equatable {
    /// Number of classes.
    public let classes: Int
    /// Counts, `[true class, predicted class]`, row by row.
    public let counts: [Int]
    /// Number of examples.
    public let total: Int

    /// Counts predictions.
    /// - Parameters:
    ///   - labels: true classes, `[examples]`, each from 0 to `classes - 1`.
    ///   - predictions: predicted classes, `[examples]`.
    ///   - classes: number of classes.
    /// - Throws: ``MetricsError``.
    public init(labels: [Int], predictions: [Int], classes: Int) throws {
        guard classes > 0 else { throw MetricsError.empty(what: "classes") }
        guard !labels.isEmpty else { throw MetricsError.empty(what: "examples") }
        guard labels.count == predictions.count else {
            throw MetricsError.unequalCounts(
                what: "predictions", expected: labels.count, found: predictions.count)
        }
        try checkLabels(labels, classes: classes, what: "label")
        try checkLabels(predictions, classes: classes, what: "prediction")
        self.init(checked: labels, predictions, classes)
    }

    /// Counts the most probable classes.
    public init(_ predictions: Predictions) {
        self.init(checked: predictions.labels, predictions.predicted, predictions.classes)
    }

    /// Counts the most probable classes of some of the examples, each as often as it is named.
    init(_ predictions: Predictions, rows: [Int]) {
        var counts = [Int](repeating: 0, count: predictions.classes * predictions.classes)
        for row in rows {
            counts[predictions.labels[row] * predictions.classes + predictions.predicted[row]] += 1
        }
        classes = predictions.classes
        self.counts = counts
        total = rows.count
    }

    private init(checked labels: [Int], _ predictions: [Int], _ classes: Int) {
        var counts = [Int](repeating: 0, count: classes * classes)
        for (label, prediction) in zip(labels, predictions) {
            counts[label * classes + prediction] += 1
        }
        self.classes = classes
        self.counts = counts
        total = labels.count
    }

    /// How many examples of class `label` were predicted as class `prediction`.
    /// - Precondition: both are below ``classes``.
    public subscript(label: Int, prediction: Int) -> Int {
        counts[label * classes + prediction]
    }

    /// How many examples are of each class, `[classes]`.
    public var labelCounts: [Int] {
        (0..<classes).map { label in
            counts[label * classes..<(label + 1) * classes].reduce(0, +)
        }
    }

    /// How many examples were predicted as each class, `[classes]`.
    public var predictionCounts: [Int] {
        (0..<classes).map { prediction in
            (0..<classes).reduce(0) { $0 + self[$1, prediction] }
        }
    }

    /// Share of right predictions.
    public var accuracy: Double {
        ratio((0..<classes).reduce(0) { $0 + self[$1, $1] }, total)
    }

    /// Share of right predictions among those of a class; 0 if it was never predicted.
    /// - Precondition: `label` is below ``classes``.
    public func precision(of label: Int) -> Double {
        ratio(self[label, label], (0..<classes).reduce(0) { $0 + self[$1, label] })
    }

    /// Share of a class's examples that were predicted as such; 0 if there are none.
    /// - Precondition: `label` is below ``classes``.
    public func recall(of label: Int) -> Double {
        ratio(self[label, label], (0..<classes).reduce(0) { $0 + self[label, $1] })
    }

    /// F1 of a class, 2 TP / (2 TP + FP + FN); 0 if the class occurs nowhere.
    /// - Precondition: `label` is below ``classes``.
    public func f1(of label: Int) -> Double {
        let row = (0..<classes).reduce(0) { $0 + self[label, $1] }
        let column = (0..<classes).reduce(0) { $0 + self[$1, label] }
        return ratio(2 * self[label, label], row + column)
    }

    /// Mean F1 of the classes that occur among labels or predictions.
    public var macroF1: Double {
        let labels = labelCounts
        let predictions = predictionCounts
        let present = (0..<classes).filter { labels[$0] + predictions[$0] > 0 }
        return present.reduce(0) { $0 + f1(of: $1) } / Double(max(1, present.count))
    }

    /// Mean recall of the classes that occur among the labels.
    public var balancedAccuracy: Double {
        let labels = labelCounts
        let present = (0..<classes).filter { labels[$0] > 0 }
        return present.reduce(0) { $0 + recall(of: $1) } / Double(max(1, present.count))
    }

    /// Matthews' correlation coefficient, for any number of classes: R_K of Gorodkin
    /// (Computational Biology and Chemistry 28, 2004), from -1 to 1; 0 if all labels or all
    /// predictions are one class.
    public var mcc: Double {
        let labels = labelCounts.map(Double.init)
        let predictions = predictionCounts.map(Double.init)
        let correct = Double((0..<classes).reduce(0) { $0 + self[$1, $1] })
        let count = Double(total)
        let covariance = correct * count - zip(labels, predictions).reduce(0) { $0 + $1.0 * $1.1 }
        let labelVariance = count * count - labels.reduce(0) { $0 + $1 * $1 }
        let predictionVariance = count * count - predictions.reduce(0) { $0 + $1 * $1 }
        let scale = (labelVariance * predictionVariance).squareRoot()
        return scale > 0 ? covariance / scale : 0
    }

    /// The value of the metric that decides.
    func value(of criterion: SelectionCriterion) -> Double {
        switch criterion.metric {
        case .accuracy: accuracy
        case .f1: criterion.positive.map(f1(of:)) ?? .nan
        case .macroF1: macroF1
        case .mcc: mcc
        case .microF1, .averagePrecision, .pearson, .spearman: .nan
        }
    }

    private func ratio(_ numerator: Int, _ denominator: Int) -> Double {
        denominator == 0 ? 0 : Double(numerator) / Double(denominator)
    }
}
