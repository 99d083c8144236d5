import Export
import Foundation
import KNAS

/// A model in memory, with the queue of the texts that wait for it. Never changes: a directory that
/// changes becomes another one.
final class LoadedModel: Sendable {
    let name: String
    let version: Int
    let loadedAt = Date()
    let configuration: ModelConfiguration
    let queue: ClassificationQueue
    var classifier: TextClassifier { queue.classifier }

    /// - Throws: as `TextClassifier.init(contentsOf:)`; `FileError` where there is no model.
    init(
        name: String, version: Int, contentsOf url: URL, _ options: ServerOptions,
        _ observer: @escaping @Sendable (ClassificationQueue.Batch) -> Void
    ) throws {
        let directory = try RunOverview.model(at: url)
        let model = try ModelDirectory.load(directory)
        let encoders = try ModelDirectory.openEncoders(
            of: model.configuration, at: directory, preparing: true)
        let classifier = try TextClassifier(
            model: model, encoders: encoders, threads: options.threads)
        self.name = name
        self.version = version
        configuration = model.configuration
        queue = try ClassificationQueue(
            classifier, workers: options.threads, limits: options.queue, observer: observer)
        // The first answer takes no longer than others; a model that cannot answer is not served.
        _ = try queue.classifier.classify(
            "a", pair: model.configuration.hasPairs ? "a" : nil)
    }
}
