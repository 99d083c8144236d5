import Export
import Metrics
import Selection
import Tasks

extension ModelCardContent {
    /// What a run knows about the model it exports.
    init(_ result: RunResult, model: Model, task dataset: Dataset) {
        let exported = result.exported
        self.init(model.configuration)
        (rows, version, seed) = (result.rows, result.version, result.seed)
        costFactor = exported.costFactor
        weightCount = exported.members.reduce(0) { $0 + $1.parameters }
        metrics = Self.metrics(exported.test, result.metrics)
        if exported.members.count == 1 { origin = exported.members[0].origin }
        taskDescription = dataset.description
        source = dataset.source
        if result.single.role != exported.role {
            baselines[result.single.role.title] = Self.metrics(
                result.single.test, result.metrics)
        }
        for (name, control) in result.controls {
            baselines[Role(rawValue: name)?.title ?? name] = Self.metrics(
                control.test, result.metrics)
        }
    }

    /// Named as in Hugging Face's `evaluate` library.
    private static func metrics(
        _ figures: ClassificationMetrics, _ shown: [Metrics.Metric]
    ) -> [Metric] {
        shown.map { metric in
            let name =
                switch metric {
                case .accuracy: "accuracy"
                case .f1: "f1"
                case .macroF1: "macro_f1"
                case .mcc: "matthews_correlation"
                case .microF1: "micro_f1"
                case .averagePrecision: "average_precision"
                case .pearson: "pearsonr"
                case .spearman: "spearmanr"
                }
            return Metric(name, figures.value(of: metric))
        }
    }
}
