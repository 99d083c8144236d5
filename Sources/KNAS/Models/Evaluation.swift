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
        let model = try ModelDirectory.load(url)
        try check(model, named: url.path, fits: dataset)
        let encoders = try ModelDirectory.openEncoders(
            of: model.configuration, at: url, directory: directory
        ).map { try $0.computing(in: precision) }
        return ClassificationMetrics(
            try predictions(
                of: model, named: url.path, encoders: encoders, on: dataset, split: split,
                threads: threads, progress: progress),
            positive: model.configuration.positiveLabel)
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
        // Encoder layers in the graph use all threads by themselves.
        let encoderIsTrained = model.unfrozen != nil
        let said = try Parallel.map(
            count: heads.count, threads: encoderIsTrained ? 1 : threads
        ) { head, _ in
            let (member, parameters) = heads[head]
            return try predict(
                model.members[member].graph, parameters, inputs[member], classes: classes,
                encoderIsTrained: encoderIsTrained, threads: threads)
        }
        let members = try configuration.members.indices.map { member in
            try heads.indices.filter { heads[$0].0 == member }.map { said[$0] }.together
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
