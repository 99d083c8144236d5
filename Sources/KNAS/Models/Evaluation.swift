import Encoders
import Export
import Features
import Foundation
import Graphs
import Metrics
import Selection
import Support
import Tasks
import Tensors
import Training

/// Evaluation of models on the features that training used.
public enum Evaluation {
    /// What a model did on a split.
    public struct Outcome: Sendable {
        /// How good its answers are.
        public let metrics: ClassificationMetrics
        /// The calibration error that exactly right probabilities would have on so many rows, by chance; `nil`
        /// where numbers are predicted.
        public let calibrationErrorByChance: Double?
        /// What its sets or intervals do; `nil` where it can promise nothing, or not so little.
        public let coverage: CoverageMetrics?
        /// The share of rows that are farther from the training rows than all but
        /// ``TextClassifier/outlierShare`` of texts like them; `nil` where the model cannot tell.
        public let outliers: Double?
    }

    /// Metrics of a saved model on a split, from the same cached features that training used: a
    /// model gives exactly the numbers it gave when it was saved.
    /// - Parameters:
    ///   - url: a run's `model` directory.
    ///   - dataset: the task's rows.
    ///   - split: which of them.
    ///   - directory: the encoder's, where it is not installed under its name; only for models on
    ///     one encoder.
    ///   - precision: what the encoders compute in.
    ///   - threads: the result does not depend on it.
    ///   - progress: called while features are computed.
    /// - Throws: as ``predictions(of:named:encoders:on:split:cache:threads:progress:)``, and what
    ///   opening the model and its encoders throws.
    public static func evaluate(
        modelAt url: URL, on dataset: Dataset, split: Split, encoder directory: URL? = nil,
        precision: Precision = .float32, threads: Int, progress: ProgressHandler? = nil
    ) throws -> ClassificationMetrics {
        try outcome(
            modelAt: url, on: dataset, split: split, encoder: directory, precision: precision,
            threads: threads, progress: progress
        ).metrics
    }

    /// Metrics of a saved model on a split, and how far its promises hold there.
    /// - Parameters:
    ///   - url: a run's `model` directory.
    ///   - dataset: the task's rows.
    ///   - split: which of them.
    ///   - miscoverage: the share of rows whose set or interval may lack the truth.
    ///   - directory: the encoder's, where it is not installed under its name; only for models on
    ///     one encoder.
    ///   - precision: what the encoders compute in.
    ///   - threads: the result does not depend on it.
    ///   - progress: called while features are computed.
    /// - Throws: as ``evaluate(modelAt:on:split:encoder:precision:threads:progress:)``.
    public static func outcome(
        modelAt url: URL, on dataset: Dataset, split: Split, miscoverage: Double = 0.05,
        encoder directory: URL? = nil, precision: Precision = .float32, threads: Int,
        progress: ProgressHandler? = nil
    ) throws -> Outcome {
        let model = try ModelDirectory.load(url)
        try check(model, named: url.path, fits: dataset)
        let encoders = try ModelDirectory.openEncoders(
            of: model.configuration, at: url, directory: directory
        ).map { try $0.computing(in: precision) }
        let predictions = try predictions(
            of: model, named: url.path, encoders: encoders, on: dataset, split: split,
            threads: threads, progress: progress)
        var outliers: Double?
        if let familiar = model.configuration.familiarity, let familiarity = model.familiarity {
            let view = model.configuration.views[familiar.view]
            let features = try FeatureCache(encoder: encoders[familiar.view], threads: threads)
                .features(
                    of: dataset[split], view.features, targets: model.configuration.targets,
                    progress: progress)
            let slot = view.layers.firstIndex(of: familiar.layer) ?? 0
            let shares = familiarity.distances(try features.means(slot: slot))
                .map(familiar.distances.share)
            outliers =
                Double(shares.count { $0 <= TextClassifier.outlierShare }) / Double(shares.count)
        }
        return Outcome(
            metrics: ClassificationMetrics(
                predictions, positive: model.configuration.positiveLabel),
            calibrationErrorByChance: predictions.targets.kind == .number
                ? nil
                : CalibrationCurve.errorByChance(
                    predictions, key: RandomKey(seed: 1).child("calibration by chance")),
            coverage: model.configuration.conformal.flatMap {
                CoverageMetrics(predictions, $0, miscoverage: miscoverage)
            }, outliers: outliers)
    }

    /// What a model says of a split, from cached features: the replicas' probabilities averaged, the
    /// members' mixed by their weights, and the model's temperature.
    ///
    /// - Parameters:
    ///   - model: the heads and their configuration.
    ///   - name: what error messages call the model.
    ///   - encoders: for each view of the model the encoder that makes it.
    ///   - dataset: the task's rows.
    ///   - split: which of them.
    ///   - cache: where features are kept.
    ///   - threads: the result does not depend on it.
    ///   - progress: called while features are computed.
    /// - Throws: `ModelError.otherTask` when the task has other labels or another number of texts,
    ///   `RunError.emptySplit(task:split:)`, `FeatureError` and the like where features cannot be
    ///   read.
    public static func predictions(
        of model: Model, named name: String = "in memory", encoders: [Encoder],
        on dataset: Dataset, split: Split, cache: URL = FeatureCache.directory, threads: Int,
        progress: ProgressHandler? = nil
    ) throws -> Predictions {
        try check(model, named: name, fits: dataset)
        try BLAS.reserveMemory(threads: threads)
        guard !dataset[split].isEmpty else {
            throw RunError.emptySplit(task: dataset.name, split: split.rawValue)
        }
        let configuration = model.configuration
        // A model's numbers are in the units that it was trained with.
        let space = configuration.targets
        let features = try zip(configuration.views, encoders).map { view, encoder in
            try FeatureCache(encoder: encoder, directory: cache, threads: threads).features(
                of: dataset[split], view.features, targets: space, progress: progress)
        }
        let inputs = configuration.members.enumerated().map { place, member in
            features[member.view].reading(slots: configuration.slots(ofMember: place))
        }
        let heads = model.members.indices.flatMap { member in
            model.members[member].replicas.map { (member, $0) }
        }
        let classes = space.outputs
        // Heads on a frozen encoder run side by side.
        let said = try Parallel.map(count: heads.count, threads: threads) { head, _ in
            let (member, parameters) = heads[head]
            return model.members[member].unfrozen == nil
                ? try predict(
                    Executor(model.members[member].graph), parameters, inputs[member],
                    classes: classes)
                : nil
        }
        let members = try configuration.members.indices.map { member in
            guard model.members[member].unfrozen == nil else {
                // Encoder layers in the graph use all threads by themselves.
                return try predict(
                    model.members[member].graph, model.members[member].replicas[0],
                    inputs[member], classes: classes, encoderIsTrained: true, threads: threads)
            }
            return try heads.indices.filter { heads[$0].0 == member }.compactMap { said[$0] }
                .together
        }
        return try Predictions(mixing: members, weights: configuration.members.map(\.weight))
            .tempered(configuration.temperature).decided(by: configuration.thresholds)
    }

    private static func check(
        _ model: Model, named name: String, fits dataset: Dataset
    ) throws {
        func mismatch(_ reason: String) -> ModelError {
            .otherTask(model: name, task: dataset.name, reason: reason)
        }
        guard model.configuration.targets.kind == dataset.targets.kind else {
            throw mismatch(
                "it answers with \(model.configuration.targets.kind.answer), the task's rows have "
                    + dataset.targets.kind.answer)
        }
        let values = model.configuration.labels.map(\.value)
        guard values == dataset.labels.map(\.value) else {
            throw mismatch(
                "it has the labels \(values), the task \(dataset.labels.map(\.value))")
        }
        guard model.configuration.hasPairs == dataset.hasPairs else {
            throw mismatch("one of them has pairs of texts, the other single texts")
        }
    }
}
