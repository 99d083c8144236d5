import Export
import Heads
import Metrics
import Search
import Selection
import Support
import Tasks
import Tensors
import Training

/// Everything that a run found, including on test: what results, models and reports are made from.
public struct RunFindings {
    /// Task, encoders and spaces.
    let prepared: Preparation
    /// All candidates.
    let ranking: RankedCandidates
    /// All trained heads.
    let selected: SelectedHeads
    /// Whether the exported model averages its seeds' probabilities.
    let averagesSeeds: Bool
    /// The run's seed.
    let seed: UInt64
    /// The predictions of each seed of the exported head on test.
    let test: [Predictions]
    /// The same for each of ``SelectedHeads/controls``.
    let controlTests: [[Predictions]]
    /// Decides the bootstrap resamples.
    private let key: RandomKey

    /// Reads the test split: once, after everything was chosen.
    ///
    /// - Parameters:
    ///   - averagesSeeds: whether the exported model averages its seeds' probabilities.
    ///   - seed: the run's.
    ///   - threads: the results do not depend on it.
    /// - Throws: `FeatureError` and the like where features cannot be read.
    public init(
        _ prepared: Preparation, _ ranking: RankedCandidates, _ selected: SelectedHeads,
        averagesSeeds: Bool, seed: UInt64, threads: Int
    ) throws {
        self.prepared = prepared
        self.ranking = ranking
        self.selected = selected
        self.averagesSeeds = averagesSeeds
        self.seed = seed
        key = RandomKey(seed: seed).child("intervals")
        test = try selected.exported.testPredictions(threads: threads)
        controlTests = try selected.controls.map { try $0.testPredictions(threads: threads) }
    }

    // MARK: Metrics

    /// The metrics of predictions for this task.
    func metrics(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: prepared.dataset.positiveLabel)
    }

    /// The mean metrics over the seeds, or the metrics of their averaged probabilities where the
    /// model averages them.
    func metrics(ofSeeds seeds: [Predictions]) throws -> ClassificationMetrics {
        try ClassificationMetrics.mean(of: answers(seeds).map(metrics))
    }

    /// Metrics over all rows that were held out while a head was tried; `nil` where a training
    /// diverged.
    func heldOut(_ entry: Entry) throws -> ClassificationMetrics? {
        let parts = entry.heldOut
        guard !parts.isEmpty, parts.count == entry.trials.count else { return nil }
        return metrics(try Predictions(pooling: parts))
    }

    /// The seeds' predictions: each by itself, or averaged where the run averages them. The
    /// exported head and its controls are treated in the same way.
    private func answers(_ seeds: [Predictions]) throws -> [Predictions] {
        averagesSeeds ? [try seeds.together] : seeds
    }

    /// The exported head against a control on test.
    /// - Parameter role: the control's; decides the resamples.
    func comparison(with control: [Predictions], role: Role) throws -> PairedComparison {
        try PairedComparison(
            labels: test[0].labels, first: try answers(test).map(\.predicted),
            second: try answers(control).map(\.predicted), key: key.child(role.rawValue))
    }

    // MARK: The model

    /// The view that the exported model reads.
    var exportedView: View { prepared.view(of: selected.exported.genotype) }

    /// The heads of the exported model.
    var members: [TrainedHead] { selected.exported.exported(together: averagesSeeds) }

    /// The predictions of the exported model on test.
    var modelTest: Predictions {
        get throws { members.count > 1 ? try test.together : test[selected.exported.bestSeed] }
    }

    /// The exported model.
    /// - Throws: `EncoderError` where trained encoder layers cannot be put into a graph.
    func model() throws -> Model {
        let (entry, dataset) = (selected.exported, prepared.dataset)
        let (view, encoder) = (exportedView, exportedView.encoder)
        guard let reading = entry.reading else {
            preconditionFailure("an exported head was trained with every seed")
        }
        let features = view.features.configuration
        // The model has a single view, which needs no name.
        let genotype = entry.genotype.inView(nil)
        var configuration = ModelConfiguration(
            task: dataset.name,
            encoder: .init(name: view.encoderName, digest: encoder.digest),
            layers: reading.inputLayers, pairing: features.pairing, hasPairs: dataset.hasPairs,
            maximumLength: features.maximumLength, genotype: "\(genotype)",
            labels: dataset.labels, positiveLabel: dataset.positiveLabel, width: encoder.width)
        guard let trained = reading.trainedLayers else {
            // The model's graph has only the layers that the head reads; the parameters are the same.
            let graph = SearchSpace(context: configuration.context).graph(of: genotype)
            return Model(
                configuration: configuration, graph: graph, ensemble: members.map(\.parameters))
        }
        configuration.fineTuning = ModelConfiguration.FineTuning(
            firstLayer: trained.lowerBound, lastLayer: trained.upperBound,
            headLayers: reading.headLayers, weightPrefix: encoder.weightPrefix)
        // Without the nodes that only training needs; the parameters are the same.
        let graph = try FineTuneGraph(
            genotype, in: SearchSpace(context: configuration.context),
            encoder: encoder.configuration, unfreezing: trained, dropout: 0)
        return Model(
            configuration: configuration, graph: graph.graph, parameters: members[0].parameters,
            unfrozen: graph.unfrozen)
    }
}
