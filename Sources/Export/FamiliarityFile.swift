import Foundation
import Support
import Tensors
import Training

/// `familiarity.safetensors` of a model directory: the means that tell familiar texts from others.
enum FamiliarityFile {
    static let name = "familiarity.safetensors"

    private static let means = "means"

    /// Writes nothing where a model has none.
    static func write(_ familiarity: Familiarity?, to directory: URL) throws {
        guard let familiarity else { return }
        try SafetensorsWriter.write(
            [
                SafetensorsEntry(
                    name: means, shape: [familiarity.count, familiarity.width],
                    floats: familiarity.means)
            ], metadata: ["format": "pt"], to: directory.appendingPathComponent(name))
    }

    /// - Returns: `nil` where the configuration says that there is none.
    /// - Throws: ``FileError``, ``TensorError``, ``ModelError``.
    static func read(
        _ configuration: ModelConfiguration, from directory: URL
    ) throws -> Familiarity? {
        guard let familiar = configuration.familiarity else { return nil }
        let url = directory.appendingPathComponent(name)
        let file = try SafetensorsFile(url)
        let width = configuration.views[familiar.view].width
        let shape = try file.info(means).shape
        // With several labels a text, texts without one may have a mean of their own.
        guard shape.count == 2, (1...configuration.labels.count + 1).contains(shape[0]) else {
            throw ModelError.badWeights(
                path: url.path,
                reason: "tensor '\(means)' has shape \(shape): expected [classes, \(width)]")
        }
        let values = try file.floats(means, expecting: [shape[0], width])
        guard values.allSatisfy(\.isFinite) else {
            throw ModelError.badWeights(
                path: url.path, reason: "tensor '\(means)' has values that are not finite")
        }
        return Familiarity(means: values, width: width)
    }
}
