import Export
import Metrics
import Tasks

extension ModelCardContent {
    /// What a run knows about the model it exports.
    init(_ result: RunResult, model: Model, task: TaskDefinition) {
        self.init(
            task: result.task, labels: result.labels, hasPairs: model.configuration.hasPairs,
            pairing: result.pairing, encoder: result.encoder,
            encoderDigest: result.encoderDigest, layers: model.configuration.layers,
            maximumLength: model.configuration.maximumLength, genotype: result.winner.genotype,
            weightCount: result.winner.parameters, rows: result.rows,
            metrics: Self.metrics(result.winner.test),
            seedCount: result.winner.perSeed.count, version: result.version, seed: result.seed)
        memberCount = model.members.count
        taskDescription = task.description
        source = task.source
        baselines = result.baselines.mapValues { Self.metrics($0.test) }
    }

    private static func metrics(_ metrics: ClassificationMetrics) -> [Metric] {
        [
            Metric("accuracy", metrics.accuracy), Metric("f1", metrics.f1),
            Metric("macro_f1", metrics.macroF1), Metric("matthews_correlation", metrics.mcc),
        ]
    }
}
