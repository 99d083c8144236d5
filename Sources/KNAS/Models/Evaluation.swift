import Encoders
import Export
import Features
import Foundation
import Graphs
import Metrics
import Selection
import Support
import Tasks
import Training

/// Evaluation of saved models.
public enum Evaluation {
    /// Metrics of a model on a split, from the same cached features that training used: a model
    /// gives exactly the numbers it gave when it was saved.
    /// - Throws: `ModelError.otherTask` when the task has other labels or another
    ///   number of texts.
    public static func evaluate(
        modelAt url: URL, on dataset: Dataset, split: Split, encoder directory: URL? = nil,
        threads: Int, progress: ProgressHandler? = nil
    ) throws -> ClassificationMetrics {
        let model = try ModelDirectory.load(url)
        let configuration = model.configuration
        func mismatch(_ reason: String) -> ModelError {
            .otherTask(model: url.path, task: dataset.name, reason: reason)
        }
        let names = configuration.labels.map(\.value)
        guard names == dataset.labels.map(\.value) else {
            throw mismatch(
                "it has the labels \(names), the task \(dataset.labels.map(\.value))")
        }
        guard configuration.hasPairs == dataset.hasPairs else {
            throw mismatch("one of them has pairs of texts, the other single texts")
        }
        guard !dataset[split].isEmpty else {
            throw RunError.emptySplit(task: dataset.name, split: split.rawValue)
        }
        let encoder = try ModelDirectory.openEncoder(
            of: configuration, at: url, directory: directory)
        let features = try FeatureCache(encoder: encoder, threads: threads).features(
            of: dataset[split], configuration.features, progress: progress)
        let members = try model.members.map {
            try predict(
                model.graph, $0, features, classes: names.count,
                encoderIsTrained: model.unfrozen != nil, threads: threads)
        }
        return ClassificationMetrics(
            try members.together, positive: configuration.positiveLabel)
    }
}
