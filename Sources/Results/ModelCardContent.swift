import Export
import Metrics
import Selection
import Tasks

extension ModelCardContent {
    /// What a run knows about the model it exports.
    init(_ result: RunResult, model: Model, task: TaskDefinition) {
        let (exported, configuration) = (result.exported, model.configuration)
        let encoder = configuration.encoder
        self.init(
            task: result.task, labels: result.labels, hasPairs: configuration.hasPairs,
            pairing: configuration.pairing.rawValue, encoder: encoder.name,
            encoderDigest: encoder.digest,
            layers: configuration.fineTuning?.headLayers ?? configuration.layers,
            maximumLength: configuration.maximumLength, genotype: configuration.genotype,
            weightCount: exported.parameters, rows: result.rows,
            metrics: Self.metrics(exported.modelTest, result.metrics),
            seedCount: exported.perSeed.count,
            version: result.version, seed: result.seed)
        trainedLayers = configuration.fineTuning.map { $0.firstLayer...$0.lastLayer }
        memberCount = model.members.count
        taskDescription = task.description
        source = task.source
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
