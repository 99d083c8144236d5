import Export
import Metrics
import Selection
import Tasks

extension ModelCardContent {
    /// What a run knows about the model it exports.
    init(_ result: RunResult, model: Model, task definition: TaskDefinition) {
        let exported = result.exported
        self.init(model.configuration)
        (rows, version, seed) = (result.rows, result.version, result.seed)
        weightCount = exported.parameters
        metrics = Self.metrics(exported.modelTest, result.metrics)
        seedCount = exported.isOneOfSeveral ? exported.perSeed.count : 1
        taskDescription = definition.description
        source = definition.source
        if exported.isOneOfSeveral {
            baselines["mean of \(exported.perSeed.count) trainings"] = Self.metrics(
                exported.test, result.metrics)
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
                }
            return Metric(name, figures.value(of: metric))
        }
    }
}
