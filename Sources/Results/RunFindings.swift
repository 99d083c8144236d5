import Encoders
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
    /// A model and its predictions on test.
    struct Tested {
        let model: SelectedModel
        /// The model's.
        let test: Predictions
        /// Each member's by itself, without a temperature.
        let members: [Predictions]

        /// Mean over pairs of members of the share of rows that they answer differently; `nil` for a
        /// single head, and for numbers.
        var disagreement: Double? {
            let pairs = members.indices.flatMap { a in (0..<a).map { (a, $0) } }
            let counts = pairs.compactMap { members[$0.0].differences(from: members[$0.1]) }
            guard !counts.isEmpty else { return nil }
            let different = counts.reduce(0, +)
            return Double(different) / Double(pairs.count * test.count)
        }
    }

    /// Task, encoders and spaces.
    let prepared: Preparation
    /// What each layer gave; empty where the user chose.
    let layers: [LayerFinding]
    /// All candidates.
    let ranking: RankedCandidates
    /// All trained heads.
    let selected: SelectedHeads
    /// What answering costs.
    let costs: AnswerCosts
    /// The run's seed.
    let seed: UInt64
    /// The exported model.
    let exported: Tested
    /// The best head by itself.
    let single: Tested
    /// What the exported model is compared with.
    let controls: [Tested]
    /// Decides the bootstrap resamples.
    private let key: RandomKey

    /// Reads the test split: once, after everything was chosen.
    ///
    /// - Parameters:
    ///   - layers: what each layer gave; empty where the user chose.
    ///   - seed: the run's.
    ///   - threads: the results do not depend on it.
    /// - Throws: `FeatureError` and the like where features cannot be read.
    public init(
        _ prepared: Preparation, layers: [LayerFinding], _ ranking: RankedCandidates,
        _ selected: SelectedHeads, costs: AnswerCosts, seed: UInt64, threads: Int
    ) throws {
        func tested(_ model: SelectedModel) throws -> Tested {
            let (test, members) = try model.testPredictions(threads: threads)
            return Tested(model: model, test: test, members: members)
        }
        self.prepared = prepared
        self.layers = layers
        self.ranking = ranking
        self.selected = selected
        self.costs = costs
        self.seed = seed
        key = RandomKey(seed: seed).child("intervals")
        exported = try tested(selected.exported)
        single = try tested(selected.single)
        controls = try selected.controls.map(tested)
    }

    // MARK: Metrics

    /// The metrics of predictions for this task.
    func metrics(_ predictions: Predictions) -> ClassificationMetrics {
        ClassificationMetrics(predictions, positive: prepared.dataset.positiveLabel)
    }

    /// Metrics over all rows that were held out while a head was tried; `nil` where a training
    /// diverged.
    func heldOut(_ entry: Entry) throws -> ClassificationMetrics? {
        let parts = entry.heldOut
        guard !parts.isEmpty, parts.count == entry.trials.count else { return nil }
        return metrics(try Predictions(pooling: parts))
    }

    /// How far off the metric that decides may be on held-out rows; `nil` where it is undefined.
    func heldOutInterval(_ predictions: Predictions, of role: Role) -> ConfidenceInterval? {
        prepared.dataset.criterion.interval(
            predictions, key: key.child("held-out").child(role.rawValue))
    }

    /// The exported model against another on test.
    func comparison(with other: Tested) throws -> PairedComparison {
        try PairedComparison(
            by: prepared.dataset.criterion, exported.test, other.test,
            key: key.child(other.model.role.rawValue))
    }

    /// The test rows that the exported model gets wrong, the most confident first; none for tasks whose
    /// rows have no single class.
    package func confidentMistakes(limit: Int) -> [(row: Int, example: Example)] {
        guard prepared.dataset.targets.kind == .oneClass else { return [] }
        return TestPredictions(
            exported.test, examples: prepared.dataset.test,
            labels: prepared.dataset.labels.map(\.name)
        ).mistakes(limit: limit).map { ($0.row, $0.example) }
    }

    // MARK: The model

    /// What a member of the exported model reads: a view of the search, frozen or with trained layers.
    private struct Use: Hashable, Comparable {
        let isTuned: Bool
        let place: Int

        static func < (a: Use, b: Use) -> Bool {
            (a.isTuned ? 1 : 0, a.place) < (b.isTuned ? 1 : 0, b.place)
        }
    }

    private func use(of entry: Entry) -> Use {
        Use(
            isTuned: entry.reading.trainedLayers != nil,
            place: prepared.spaces.index(of: entry.genotype))
    }

    /// What the exported model's members read, the frozen views first; others are not part of it.
    private var used: [Use] {
        Set(exported.model.members.map { use(of: $0.entry) }).sorted()
    }

    /// The encoder of each view of the exported model.
    package var encoders: [Encoder] { used.map { prepared.views[$0.place].encoder } }

    /// The exported model.
    /// - Throws: `EncoderError` where trained encoder layers cannot be put into a graph.
    package func model() throws -> Model {
        let (dataset, members) = (prepared.dataset, selected.exported.members)
        let used = used
        var configuration = ModelConfiguration(
            task: dataset.name, hasPairs: dataset.hasPairs, labels: dataset.labels,
            targets: dataset.targets, positiveLabel: dataset.positiveLabel,
            views: used.map { view($0, members) },
            members: members.map { member in
                ModelConfiguration.Member(
                    // The model's file says by number which view it is.
                    genotype: "\(member.entry.genotype.inView(nil))",
                    view: used.firstIndex(of: use(of: member.entry)) ?? 0,
                    layers: member.entry.reading.inputLayers, weight: member.weight,
                    replicas: member.entry.replicas.count)
            },
            temperature: selected.exported.temperature,
            thresholds: selected.exported.thresholds)
        configuration.conformal = selected.exported.heldOut.flatMap { ConformalScores($0) }
        let familiarity = try familiarity(&configuration)
        let heads = try members.enumerated().map { place, member in
            let space = SearchSpace(context: configuration.context(ofMember: place))
            let replicas = member.entry.replicas.map(\.parameters)
            guard let tuned = try tunedGraph(member.entry, space) else {
                // Only the layers that the head reads; the parameters are the same.
                return Model.Member(
                    graph: space.graph(of: member.entry.genotype.inView(nil)), replicas: replicas)
            }
            return Model.Member(
                graph: tuned.graph, replicas: replicas, unfrozen: tuned.unfrozen)
        }
        return Model(configuration: configuration, members: heads, familiarity: familiarity)
    }

    /// What tells familiar texts from others: distances of the highest hidden state that the model's first view
    /// keeps, over train and dev.
    private func familiarity(_ configuration: inout ModelConfiguration) throws -> Familiarity? {
        let kept = configuration.views[0]
        guard let layer = kept.layers.last else { return nil }
        let source = prepared.views[used[0].place].features.reading(layers: [layer])
        var features = try source.features(.train).appending(source.features(.dev))
        var groups = prepared.together
        if features.count > Familiarity.mostRows {
            var generator = key.child("familiar rows").generator()
            let rows = Array(
                (0..<features.count).shuffled(using: &generator)
                    .prefix(Familiarity.mostRows)
            ).sorted()
            features = features.subset(rows)
            groups = rows.map { groups[$0] }
        }
        guard
            let (familiarity, distances) = Familiarity.fit(
                try features.means(slot: 0), width: features.width, targets: features.targets,
                groups: groups, key: key.child("familiarity"))
        else { return nil }
        configuration.familiarity = ModelConfiguration.FamiliarTexts(
            view: 0, layer: layer, distances: distances)
        return familiarity
    }

    /// What the members read of a view.
    private func view(
        _ use: Use, _ members: [SelectedModel.Member]
    ) -> ModelConfiguration.View {
        let view = prepared.views[use.place]
        let readers = members.filter { self.use(of: $0.entry) == use }.map(\.entry)
        let layers = readers.flatMap(\.reading.inputLayers)
        return ModelConfiguration.View(
            // A path would mean nothing on another machine, and tell others what this one looks like.
            encoder: .init(
                name: EncoderStore.shortName(view.encoderName), digest: view.encoder.digest),
            pairing: view.features.configuration.pairing, layers: Set(layers).sorted(),
            maximumLength: view.features.configuration.maximumLength, width: view.encoder.width,
            fineTuning: readers.first.flatMap { tuning(of: $0, view.encoder) })
    }

    /// The encoder layers that were trained with a head; `nil` where it was frozen.
    private func tuning(
        of entry: Entry, _ encoder: Encoder
    ) -> ModelConfiguration.FineTuning? {
        entry.reading.trainedLayers.map { trained in
            ModelConfiguration.FineTuning(
                firstLayer: trained.lowerBound, lastLayer: trained.upperBound,
                headLayers: entry.reading.headLayers,
                linear: entry.reading.linear.map {
                    .init(genotype: $0.genotype.inView(nil).description, layers: $0.context.layers)
                }, weightPrefix: encoder.weightPrefix)
        }
    }

    /// A head with the encoder layers that were trained with it, without the nodes that only training needs;
    /// the parameters are the same. `nil` for a head on the frozen encoder.
    /// - Parameter space: what the head reads.
    private func tunedGraph(_ entry: Entry, _ space: SearchSpace) throws -> FineTuneGraph? {
        guard let trained = entry.reading.trainedLayers else { return nil }
        return try FineTuneGraph(
            FineTuneGraph.Head(entry.genotype.inView(nil), in: space), beside: entry.reading.linear,
            encoder: prepared.view(of: entry.genotype).encoder.configuration, unfreezing: trained,
            dropout: 0)
    }
}
