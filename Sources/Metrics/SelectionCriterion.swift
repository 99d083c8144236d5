import Foundation
import Support

/// How epochs, penalties, heads and training configurations are compared on held-out rows: a metric
/// decides, cross entropy breaks ties.
public struct SelectionCriterion: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The metric that decides.
    public let metric: Metric
    /// The index of the class whose F1 decides; `nil` for other metrics.
    public let positive: Int?

    /// Accuracy decides.
    public static let accuracy = SelectionCriterion(.accuracy)

    /// - Parameter positive: the class whose F1 ``Metric/f1`` is; other metrics do not use it.
    /// - Precondition: 0 or more for ``Metric/f1``.
    public init(_ metric: Metric, positive: Int? = nil) {
        self.metric = metric
        self.positive = metric == .f1 ? positive : nil
        precondition(isSound, "F1 is about one class")
    }

    /// - Throws: `DecodingError` where F1 has no class, or another metric has one.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        metric = try container.decode(Metric.self, forKey: .metric)
        positive = try container.decodeIfPresent(Int.self, forKey: .positive)
        guard isSound else {
            throw DecodingError.dataCorruptedError(
                forKey: .positive, in: container,
                debugDescription: "expected a class for f1, nothing for other metrics")
        }
    }

    private var isSound: Bool { metric == .f1 ? (positive ?? -1) >= 0 : positive == nil }

    /// Part of what identifies a run, e.g. `macro-f1` or `f1 of class 1`.
    public var description: String {
        metric.rawValue + (positive.map { " of class \($0)" } ?? "")
    }

    /// All metrics; F1 is that of the criterion's class.
    public func metrics(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: positive)
    }

    /// How good predictions are, for people: the accuracy of classes, e.g. `81.3%`; of other targets what
    /// decides, e.g. `micro F1 0.813`.
    public func headline(_ predictions: Predictions) -> String {
        let metrics = metrics(predictions)
        return predictions.targets.kind == .oneClass
            ? metrics.accuracy.percentage
            : "\(metric.title) " + String(format: "%.3f", metrics.value(of: metric))
    }

    /// How good predictions are.
    public func score(_ predictions: Predictions) -> SelectionScore {
        let metrics = metrics(predictions)
        return SelectionScore(value: metrics.value(of: metric), crossEntropy: metrics.loss)
    }

    /// The metric on some of the rows, each as often as it is named.
    func value(_ predictions: Predictions, rows: [Int]) -> Double {
        switch predictions.targets.kind {
        case .oneClass: return ConfusionMatrix(predictions, rows: rows).value(of: self)
        case .labels where metric == .microF1:
            return LabelCounts(predictions, rows: rows).microF1
        case .labels where metric == .macroF1:
            return LabelCounts(predictions, rows: rows).macroF1
        case .labels, .number: return metrics(predictions.rows(rows)).value(of: metric)
        }
    }

    /// How good predictions on several held-out parts are, over all their rows together.
    ///
    /// Accuracy and cross entropy are means over rows: the parts' are averaged, weighted by their rows.
    /// The other metrics are not, so they are measured on the rows put together.
    /// - Throws: ``MetricsError`` when there is no part, or the numbers of classes differ.
    public func score(pooling parts: [Predictions]) throws -> SelectionScore {
        let pooled = try Predictions(pooling: parts)
        func mean(_ metric: (ClassificationMetrics) -> Double) -> Double {
            parts.reduce(0) { $0 + metric(metrics($1)) * Double($1.count) } / Double(pooled.count)
        }
        return SelectionScore(
            value: metric == .accuracy
                ? mean { $0.accuracy } : metrics(pooled).value(of: metric),
            crossEntropy: mean { $0.loss })
    }
}

/// What a ``SelectionCriterion`` compares: better is larger.
public struct SelectionScore: Sendable, Hashable, Comparable {
    /// The metric's value; higher is better.
    public let value: Double
    /// ``ClassificationMetrics/loss``, in nats but for numbers; where values are equal, lower is better.
    public let crossEntropy: Double

    public init(value: Double, crossEntropy: Double) {
        self.value = value
        self.crossEntropy = crossEntropy
    }

    /// Whether `a` is worse than `b`.
    public static func < (a: SelectionScore, b: SelectionScore) -> Bool {
        a.value != b.value ? a.value < b.value : a.crossEntropy > b.crossEntropy
    }
}

extension [SelectionScore] {
    /// The places of the scores, best first; of equals the earlier.
    public var ranking: [Int] {
        indices.sorted { a, b in self[a] != self[b] ? self[a] > self[b] : a < b }
    }
}
