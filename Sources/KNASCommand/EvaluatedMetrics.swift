import Foundation
import KNAS
import Metrics
import Support

/// The metrics of a model on a split, with the class that F1 is about.
struct EvaluatedMetrics: Encodable {
    let outcome: Evaluation.Outcome
    /// The positive class; `nil` in a task without one, where there is no F1 of a class.
    let positive: String?

    private var metrics: ClassificationMetrics { outcome.metrics }

    private enum CodingKeys: String, CodingKey {
        case positive, sets, outliers, calibrationErrorByChance
    }

    /// The metrics' own keys, `positive`, `sets`, `outliers` and the error by chance.
    func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(positive, forKey: .positive)
        try container.encodeIfPresent(
            outcome.calibrationErrorByChance, forKey: .calibrationErrorByChance)
        try container.encodeIfPresent(outcome.coverage, forKey: .sets)
        try container.encodeIfPresent(outcome.outliers, forKey: .outliers)
    }

    private var outliers: [(String, String)] {
        outcome.outliers.map {
            [
                (
                    "outliers (of texts like training: "
                        + "\(String(format: "%.4f", TextClassifier.outlierShare)))",
                    String(format: "%.4f", $0)
                )
            ]
        } ?? []
    }

    /// What sets or intervals do.
    private var sets: [(String, String)] {
        guard let coverage = outcome.coverage else { return [] }
        func figure(_ value: Double) -> String { String(format: "%.4f", value) }
        let promise = "promised: \(figure(1 - coverage.miscoverage))"
        guard metrics.meanSquaredError == nil else {
            return [
                ("coverage (\(promise))", figure(coverage.coverage)),
                ("width of interval", figure(coverage.size)),
            ]
        }
        return [
            ("coverage (\(promise))", figure(coverage.coverage)),
            ("classes in a set", figure(coverage.size)),
            ("answered", figure(coverage.answered)),
        ] + (coverage.accuracy.map { [("answeredAccuracy", figure($0))] } ?? [])
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
            "calibrationError": outcome.calibrationErrorByChance.map {
                String(format: "by chance %.4f", $0)
            },
        ].compactMapValues { $0 }
        let lines =
            ClassificationMetrics.all.compactMap { name, value -> (String, String)? in
                guard let value = value(metrics), !value.isNaN else { return nil }
                let of = name == "f1" ? positive.map { "of \($0.revealed)" } : averages[name]
                return (name + (of.map { " (\($0))" } ?? ""), String(format: "%.4f", value))
            } + sets + outliers + [("rows", "\(metrics.count)")]
        let width = max(18, (lines.map(\.0.count).max() ?? 0) + 2)
        return lines.map { $0.0.padded(width) + $0.1 }.joined(separator: "\n")
    }
}
