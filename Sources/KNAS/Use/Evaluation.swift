import Encoders
import Export
import Features
import Foundation
import Graphs
import Metrics
import Support
import Tasks
import Training

/// Evaluation of saved models.
public enum Evaluation {
    /// Metrics of a model on a split, from the same cached features that training used: a model gives
    /// the very numbers it gave when it was saved.
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
        let members = try model.members.map { parameters in
            model.unfrozen == nil
                ? try predict(
                    Executor(model.graph), parameters, features, classes: names.count)
                : try BatchedInference(model.graph, parameters, threads: threads)
                    .predictions(features)
        }
        return ClassificationMetrics(
            try members.together, positive: configuration.positiveLabel ?? 1)
    }
}

/// Texts to classify, one a line.
public enum PredictionInput {
    /// - Throws: `ModelError.wrongInput` with line and column.
    public static func parse(
        _ data: Data, name: String, pairs: Bool
    ) throws -> [TextClassifier.Input] {
        var bytes = data[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var inputs: [TextClassifier.Input] = []
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            func wrong(_ reason: String) -> ModelError {
                .wrongInput(reason: "\(name), line \(index + 1): \(reason)")
            }
            let line = line.last == 0x0D ? line.dropLast() : line
            guard line.count <= 1 << 20 else { throw wrong("longer than 1 MiB") }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw wrong("not valid UTF-8")
            }
            let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
            if pairs {
                guard fields.count == 2 else {
                    throw wrong(
                        "expected two texts with a tab between them, found \(fields.count) columns")
                }
                inputs.append(TextClassifier.Input(String(fields[0]), pair: String(fields[1])))
            } else {
                inputs.append(TextClassifier.Input(text))
            }
        }
        return inputs
    }
}
