import Export
import Foundation
import KNAS
import Logging
import ServiceLifecycle
import Support

/// The models of a server by name.
final class ModelRegistry: Sendable {
    /// In the order in which they were given.
    let models: [ServedModel]
    private let byName: [String: ServedModel]

    /// - Throws: what loading throws.
    init(
        _ places: [ModelPlace], _ options: ServerOptions, _ metrics: ServerMetrics,
        _ logger: Logger
    ) throws {
        models = try places.map {
            try ServedModel($0.name, $0.url, options, metrics, logger)
        }
        byName = Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0) })
    }

    subscript(name: String) -> LoadedModel? { byName[name]?.current }
}

/// Looks for models that have changed, and whether the folder of runs is still there, again and again.
struct ModelWatcher: Service {
    let registry: ModelRegistry
    let folder: RunsFolder?
    let seconds: Double
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var presence = PresenceLog("folder of runs", logger)
            while seconds > 0, (try? await Task.sleep(for: .seconds(seconds))) != nil {
                for model in registry.models { await inThread { model.reloadIfChanged() } }
                if let folder { presence.note(folder.fault) }
            }
            // A service that returns ends the others.
            while (try? await Task.sleep(for: .seconds(3600))) != nil {}
        }
    }
}

/// Where a model is, and under which name it is served.
public struct ModelPlace: Sendable, Equatable {
    public let name: String
    public let url: URL

    /// - Parameter name: letters, digits, `.`, `_` and `-`, up to 64; by default the run's name.
    /// - Throws: ``ServerError``.
    public init(_ path: String, name: String? = nil) throws {
        url = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        let parts = url.pathComponents
        let isModel = parts.last == "model" && parts.count > 2
        self.name = name ?? (isModel ? parts[parts.count - 2] : parts.last ?? "")
        guard let first = self.name.utf8.first, first != UInt8(ascii: "."),
            self.name.utf8.count <= 64,
            self.name.utf8.allSatisfy({
                ServerMetrics.isAlphanumeric($0) || "._-".utf8.contains($0)
            })
        else { throw ServerError.badName(self.name, path: path) }
    }

    /// - Throws: ``ServerError`` where two have one name.
    public static func checkNames(_ places: [ModelPlace]) throws {
        var names: Set<String> = []
        for place in places where !names.insert(place.name).inserted {
            throw ServerError.sameName(place.name)
        }
    }
}
