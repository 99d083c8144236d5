/// True labels and the class probabilities that a model gave: what all metrics are computed from.
///
/// The rows are checked once, so metrics over thousands of resamples need not check them.
public struct Predictions: Sendable {
    /// How far the sum of a row may be from 1, and a value outside of 0...1: float32 rounding of a
    /// softmax, with a wide margin.
    public static let tolerance = 1e-3

    /// True class of each example, from 0.
    public let labels: [Int]
    /// Probabilities, `[examples, classes]`, row by row.
    public let probabilities: [Float]
    /// Number of classes.
    public let classes: Int
    /// The most probable class of each example; the first where several are equal.
    public let predicted: [Int]

    /// Number of examples.
    public var count: Int { labels.count }

    /// Takes probabilities as one array, row by row.
    /// - Parameters:
    ///   - labels: true classes, `[examples]`, each from 0 to `classes - 1`.
    ///   - probabilities: `[examples, classes]`.
    ///   - classes: number of classes.
    /// - Throws: ``MetricsError``.
    public init(labels: [Int], probabilities: [Float], classes: Int) throws {
        guard classes > 0 else { throw MetricsError.empty(what: "classes") }
        guard !labels.isEmpty else { throw MetricsError.empty(what: "examples") }
        let (expected, overflow) = labels.count.multipliedReportingOverflow(by: classes)
        guard !overflow, probabilities.count == expected else {
            throw MetricsError.unequalCounts(
                what: "probabilities of \(labels.count) examples and \(classes) classes",
                expected: overflow ? .max : expected, found: probabilities.count)
        }
        try checkLabels(labels, classes: classes, what: "label")
        var predicted: [Int] = []
        predicted.reserveCapacity(labels.count)
        for row in labels.indices {
            let values = probabilities[row * classes..<(row + 1) * classes]
            predicted.append(try Self.mostProbable(values, row: row))
        }
        self.labels = labels
        self.probabilities = probabilities
        self.classes = classes
        self.predicted = predicted
    }

    /// Takes probabilities as one array for each example.
    /// - Throws: ``MetricsError``.
    public init(labels: [Int], probabilities: [[Float]]) throws {
        let classes = probabilities.first?.count ?? 1
        for (row, values) in probabilities.enumerated() where values.count != classes {
            throw MetricsError.unequalCounts(
                what: "probabilities of row \(row)", expected: classes, found: values.count)
        }
        try self.init(
            labels: labels, probabilities: Array(probabilities.joined()), classes: classes)
    }

    /// The mean of several models' probabilities for the same examples (an ensemble).
    /// - Throws: ``MetricsError`` when there are none, or their examples or classes differ.
    public init(averaging models: [Predictions]) throws {
        guard let first = models.first else { throw MetricsError.empty(what: "models") }
        var sums = [Float](repeating: 0, count: first.probabilities.count)
        for model in models {
            guard model.labels == first.labels, model.classes == first.classes else {
                throw MetricsError.unequalCounts(
                    what: "examples of a model", expected: first.count, found: model.count)
            }
            for index in sums.indices {
                sums[index] += model.probabilities[index] / Float(models.count)
            }
        }
        try self.init(labels: first.labels, probabilities: sums, classes: first.classes)
    }

    /// The rows of several parts of the data one after the other, e.g. of dev and of folds of train.
    /// - Throws: ``MetricsError`` when there is no part, or the numbers of classes differ.
    public init(pooling parts: [Predictions]) throws {
        guard let first = parts.first else { throw MetricsError.empty(what: "parts") }
        for part in parts where part.classes != first.classes {
            throw MetricsError.unequalCounts(
                what: "classes of a part", expected: first.classes, found: part.classes)
        }
        self.init(
            checked: parts.flatMap(\.labels), parts.flatMap(\.probabilities), first.classes,
            parts.flatMap(\.predicted))
    }

    /// Whether each example's prediction is right.
    public var correct: [Bool] {
        zip(labels, predicted).map(==)
    }

    /// The probability of the predicted class of each example.
    public var confidences: [Float] {
        predicted.enumerated().map { row, label in probabilities[row * classes + label] }
    }

    /// Some of the examples, in the order given.
    public func rows(_ places: [Int]) -> Predictions {
        Predictions(
            checked: places.map { labels[$0] },
            places.flatMap { probabilities[$0 * classes..<($0 + 1) * classes] }, classes,
            places.map { predicted[$0] })
    }

    /// The probability of each example's true class.
    public var trueClassProbabilities: [Float] {
        labels.enumerated().map { row, label in probabilities[row * classes + label] }
    }

    /// Other probabilities with the same order within every row, for the same examples.
    init(replacing other: Predictions, _ probabilities: [Float]) {
        self.init(checked: other.labels, probabilities, other.classes, other.predicted)
    }

    private init(
        checked labels: [Int], _ probabilities: [Float], _ classes: Int, _ predicted: [Int]
    ) {
        self.labels = labels
        self.probabilities = probabilities
        self.classes = classes
        self.predicted = predicted
    }

    private static func mostProbable(_ values: ArraySlice<Float>, row: Int) throws -> Int {
        var best = values.startIndex
        var sum = 0.0
        for index in values.indices {
            let value = Double(values[index])
            // A comparison with NaN is false, so NaN is refused here too.
            guard value >= -tolerance, value <= 1 + tolerance else {
                throw MetricsError.notADistribution(
                    row: row, reason: "expected values from 0 to 1, found \(values[index])")
            }
            sum += value
            if values[index] > values[best] { best = index }
        }
        guard abs(sum - 1) <= tolerance else {
            throw MetricsError.notADistribution(
                row: row, reason: "expected a sum of 1, found \(sum)")
        }
        return best - values.startIndex
    }
}

extension [Predictions] {
    /// The mean of the models' probabilities; where all agree, it is theirs, bit for bit.
    /// - Throws: ``MetricsError`` when there are none, or their examples or classes differ.
    public var together: Predictions {
        get throws {
            let mean = try Predictions(averaging: self)
            return allSatisfy { $0.probabilities == self[0].probabilities } ? self[0] : mean
        }
    }
}

/// Checks that all labels are numbers of classes.
func checkLabels(_ labels: [Int], classes: Int, what: String) throws {
    for (row, label) in labels.enumerated() where !(0..<classes).contains(label) {
        throw MetricsError.labelOutOfRange(what: what, row: row, label: label, classes: classes)
    }
}
