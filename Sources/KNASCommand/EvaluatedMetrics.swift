import Foundation
import Metrics
import Support

/// The metrics of a model on a split, with the class that F1 is about.
struct EvaluatedMetrics: Encodable {
    let metrics: ClassificationMetrics
    /// The positive class; `nil` in a task without one, where there is no F1 of a class.
    let positive: String?

    private enum CodingKeys: String, CodingKey { case positive }

    /// The metrics' own keys, and `positive`.
    func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(positive, forKey: .positive)
    }

    /// A metric in a line; each says which class or average it is.
    var text: String {
        let several = metrics.microF1 != nil
        let averages = [
            "macroF1": several ? "mean over labels" : "mean over classes",
            "balancedAccuracy": "mean over classes", "averagePrecision": "mean over labels",
            "microF1": "all labels together", "microAveragePrecision": "all labels together",
            "accuracy": several ? "all labels of a row right" : nil,
            "meanSquaredError": "squared unit of the data",
            "meanAbsoluteError": "unit of the data",
        ].compactMapValues { $0 }
        let lines =
            ClassificationMetrics.all.compactMap { name, value -> (String, String)? in
                guard let value = value(metrics), !value.isNaN else { return nil }
                let of = name == "f1" ? positive.map { "of \($0.revealed)" } : averages[name]
                return (name + (of.map { " (\($0))" } ?? ""), String(format: "%.4f", value))
            } + [("rows", "\(metrics.count)")]
        let width = max(18, (lines.map(\.0.count).max() ?? 0) + 2)
        return lines.map { $0.0.padded(width) + $0.1 }.joined(separator: "\n")
    }
}
