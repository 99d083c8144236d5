/// True answers and what a model gave: probabilities of classes or of labels, or numbers. What all
/// metrics are computed from.
///
/// The rows are checked once, so metrics over thousands of resamples need not check them.
public struct Predictions: Sendable {
    /// How far the sum of a row may be from 1, and a value outside of 0...1: float32 rounding of a
    /// softmax, with a wide margin.
    public static let tolerance = 1e-3

    /// The true answers.
    public let targets: Targets
    /// True class of each example, from 0; empty where rows have no class.
    public let labels: [Int]
    /// Probabilities, `[examples, classes]`, row by row; where numbers are predicted, those.
    public let probabilities: [Float]
    /// Number of classes or labels; 1 where numbers are predicted.
    public let classes: Int
    /// The most probable class of each example; the first where several are equal. Empty where rows have
    /// no class.
    public let predicted: [Int]
    /// From which probability on a row is said to have a label: one for each label, or `[examples, labels]`
    /// where parts were pooled whose thresholds differ; empty where rows have no labels.
    public private(set) var thresholds: [Float] = []

    /// Number of examples.
    public let count: Int

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
        targets = .classes(labels.map(Int32.init))
        count = labels.count
        self.labels = labels
        self.probabilities = probabilities
        self.classes = classes
        self.predicted = predicted
    }

    /// Takes what a model gave for targets of any kind.
    /// - Parameters:
    ///   - values: probabilities `[examples, outputs]`, those of classes with sum 1; or numbers `[examples]`.
    ///   - outputs: classes, labels, or 1.
    ///   - thresholds: for each label, from which probability on a row is said to have it; `nil`: 0.5.
    /// - Throws: ``MetricsError``.
    public init(
        targets: Targets, values: [Float], outputs: Int, thresholds: [Float]? = nil
    ) throws {
        if case .classes(let labels) = targets {
            try self.init(labels: labels.map(Int.init), probabilities: values, classes: outputs)
            return
        }
        guard targets.count > 0 else { throw MetricsError.empty(what: "examples") }
        guard values.count == targets.count * outputs else {
            throw MetricsError.unequalCounts(
                what: "outputs of \(targets.count) examples", expected: targets.count * outputs,
                found: values.count)
        }
        for (place, value) in values.enumerated() {
            let isSound =
                switch targets.kind {
                case .oneClass, .labels:
                    value >= -Float(Self.tolerance) && value <= 1 + Float(Self.tolerance)
                case .number: value.isFinite
                }
            guard isSound else {
                throw MetricsError.notADistribution(
                    row: place / outputs,
                    reason: targets.kind == .number
                        ? "expected a finite number, found \(value)"
                        : "expected values from 0 to 1, found \(value)")
            }
        }
        self.init(checked: targets, values, outputs, [], thresholds)
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
            guard model.targets == first.targets, model.classes == first.classes else {
                throw MetricsError.unequalCounts(
                    what: "examples of a model", expected: first.count, found: model.count)
            }
            for index in sums.indices {
                sums[index] += model.probabilities[index] / Float(models.count)
            }
        }
        try self.init(targets: first.targets, values: sums, outputs: first.classes)
    }

    /// The rows of several parts of the data one after the other, e.g. of dev and of folds of train.
    /// - Throws: ``MetricsError`` when there is no part, or the numbers of classes differ.
    public init(pooling parts: [Predictions]) throws {
        guard let first = parts.first else { throw MetricsError.empty(what: "parts") }
        for part in parts
        where part.classes != first.classes || !part.targets.isLike(first.targets) {
            throw MetricsError.unequalCounts(
                what: "classes of a part", expected: first.classes, found: part.classes)
        }
        let areAlike = parts.allSatisfy { $0.thresholds == first.thresholds }
        self.init(
            checked: parts.dropFirst().reduce(first.targets) { $0.appending($1.targets) },
            parts.flatMap(\.probabilities), first.classes, parts.flatMap(\.predicted),
            areAlike && !first.hasOwnThresholds
                ? first.thresholds : parts.flatMap(\.thresholdsOfRows))
    }

    /// Whether each row has thresholds of its own.
    private var hasOwnThresholds: Bool { thresholds.count > classes }

    /// `[examples, labels]`.
    private var thresholdsOfRows: [Float] {
        hasOwnThresholds
            ? thresholds : Array(repeatElement(thresholds, count: count).joined())
    }

    /// Whether a row is said to have a label.
    /// - Precondition: rows have labels.
    func isGiven(_ label: Int, row: Int) -> Bool {
        let place = row * classes + label
        return probabilities[place] >= thresholds[hasOwnThresholds ? place : label]
    }

    /// Some of the examples, in the order given.
    public func rows(_ places: [Int]) -> Predictions {
        Predictions(
            checked: targets.rows(places),
            places.flatMap { probabilities[$0 * classes..<($0 + 1) * classes] }, classes,
            predicted.isEmpty ? [] : places.map { predicted[$0] },
            hasOwnThresholds
                ? places.flatMap { thresholds[$0 * classes..<($0 + 1) * classes] } : thresholds)
    }

    /// The same with other thresholds of labels; the same predictions where rows have no labels.
    /// - Precondition: one for each label.
    public func decided(by thresholds: [Float]?) -> Predictions {
        guard targets.kind == .labels, let thresholds else { return self }
        precondition(thresholds.count == classes, "a threshold for each label")
        var result = self
        result.thresholds = thresholds
        return result
    }

    /// Other probabilities with the same order within every row, for the same examples.
    init(replacing other: Predictions, _ probabilities: [Float]) {
        self.init(
            checked: other.targets, probabilities, other.classes, other.predicted,
            other.thresholds)
    }

    private init(
        checked targets: Targets, _ probabilities: [Float], _ classes: Int, _ predicted: [Int],
        _ thresholds: [Float]?
    ) {
        self.targets = targets
        count = targets.count
        if case .classes(let labels) = targets {
            self.labels = labels.map(Int.init)
        } else {
            labels = []
        }
        self.probabilities = probabilities
        self.classes = classes
        self.predicted = predicted
        if case .labels = targets {
            self.thresholds = thresholds ?? Array(repeating: 0.5, count: classes)
        }
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
