import Foundation
import KNAS
import Logging
import Support

/// A model under its name, loaded again when its directory changes.
final class ServedModel: @unchecked Sendable {
    let name: String
    /// A run or a model directory.
    let url: URL
    private let options: ServerOptions
    private let metrics: ServerMetrics
    private let logger: Logger

    private let lock = NSLock()
    private var loaded: LoadedModel
    /// What the directory was like when it was loaded, or failed to be.
    private var stamp: DirectoryStamp
    /// What it was like when it was looked at last.
    private var seen: DirectoryStamp
    private var presence: PresenceLog

    /// - Throws: as `TextClassifier.init(contentsOf:)`.
    init(
        _ name: String, _ url: URL, _ options: ServerOptions, _ metrics: ServerMetrics,
        _ logger: Logger
    ) throws {
        self.name = name
        self.url = url
        self.options = options
        self.metrics = metrics
        self.logger = logger
        stamp = DirectoryStamp(url)
        seen = stamp
        presence = PresenceLog("model directory", logger, ["model": "\(name)"])
        loaded = try Self.load(name, 1, url, options, metrics)
        metrics.loaded(model: name, succeeded: true)
    }

    /// The model that answers now. A request keeps the one that it began with.
    var current: LoadedModel { lock.withLock { loaded } }

    private static func load(
        _ name: String, _ version: Int, _ url: URL, _ options: ServerOptions,
        _ metrics: ServerMetrics
    ) throws -> LoadedModel {
        try LoadedModel(name: name, version: version, contentsOf: url, options) {
            metrics.classified($0, model: name)
        }
    }

    /// Looks at the directory, and loads the model again if it has changed and changes no longer: it may
    /// be written to just now. A model that is gone, or cannot be loaded, leaves the old one in its place.
    func reloadIfChanged() {
        let now = DirectoryStamp(url)
        let isNew = lock.withLock {
            defer { seen = now }
            guard now == seen else { return false }
            presence.note(now.fault)
            return now != stamp && now.fault == nil
        }
        guard isNew else { return }
        do {
            let next = try Self.load(name, current.version + 1, url, options, metrics)
            lock.withLock {
                loaded = next
                stamp = now
            }
            metrics.loaded(model: name, succeeded: true)
            logger.info(
                "model reloaded",
                metadata: ["model": "\(name)", "version": .stringConvertible(next.version)])
        } catch {
            // Not tried again before it changes again.
            lock.withLock { stamp = now }
            metrics.loaded(model: name, succeeded: false)
            logger.error(
                "model not reloaded, the old one stays",
                metadata: ["model": "\(name)", "reason": "\(error)"])
        }
    }
}
