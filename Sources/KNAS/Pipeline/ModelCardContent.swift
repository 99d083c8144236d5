import Export
import Metrics
import Tasks

extension ModelCardContent {
    /// What a run knows about the model it exports.
    init(_ result: RunResult, model: Model, task: TaskDefinition) {
        let (frozen, tuned) = (result.winner, result.finetuned)
        let fineTuning = model.configuration.fineTuning
        self.init(
            task: result.task, labels: result.labels, hasPairs: model.configuration.hasPairs,
            pairing: result.pairing, encoder: result.encoder,
            encoderDigest: result.encoderDigest,
            layers: fineTuning?.headLayers ?? model.configuration.layers,
            maximumLength: model.configuration.maximumLength,
            genotype: model.configuration.genotype,
            weightCount: tuned?.parameters ?? frozen.parameters, rows: result.rows,
            metrics: Self.metrics(tuned?.test ?? frozen.test),
            seedCount: (tuned?.perSeed ?? frozen.perSeed).count, version: result.version,
            seed: result.seed)
        trainedLayers = fineTuning.map { $0.firstLayer...$0.lastLayer }
        memberCount = model.members.count
        taskDescription = task.description
        source = task.source
        baselines = result.baselines.mapValues { Self.metrics($0.test) }
        if let tuned {
            baselines["winner, encoder frozen"] = Self.metrics(frozen.test)
            for (name, control) in tuned.controls { baselines[name] = Self.metrics(control.test) }
        }
    }

    private static func metrics(_ metrics: ClassificationMetrics) -> [Metric] {
        [
            Metric("accuracy", metrics.accuracy), Metric("f1", metrics.f1),
            Metric("macro_f1", metrics.macroF1), Metric("matthews_correlation", metrics.mcc),
        ]
    }
}
