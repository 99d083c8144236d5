import Encoders
import Export
import Features
import Foundation
import Heads
import Support
import Tasks

/// A portfolio on two encoders of different width and vocabulary, saved with an encoder each.
public struct PortfolioScene {
    public let directory: URL
    /// One for each view.
    public let encoders: [Encoder]
    public let model: Model
    public var url: URL { directory.appendingPathComponent("model") }
    public var configuration: URL { url.appendingPathComponent("config.json") }
    public var weights: URL { url.appendingPathComponent("head.safetensors") }

    /// A small ELECTRA, whose vocabulary is WordPiece's.
    private static let electra = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("EncodersTests/Fixtures/families/electra")

    /// - Parameters:
    ///   - pairings: of the views; the last one is on another encoder than the others.
    ///   - hasPairs: of the task.
    ///   - labels: of the task.
    public init(
        _ pairings: [Pairing] = [.siamese, .joint], hasPairs: Bool = true,
        labels: [TaskLabel] = RandomModels.labels(3), includesEncoder: Bool = false,
        temperature: Double = 1.25
    ) throws {
        directory = try TinyEncoder.temporaryDirectory()
        let place = directory.appendingPathComponent("tiny")
        try TinyEncoder.write(to: place)
        let other = directory.appendingPathComponent("electra")
        try FileManager.default.copyItem(at: Self.electra, to: other)
        let tiny = try Encoder(directory: place)
        let electra = try Encoder(directory: other)
        encoders = pairings.indices.map { $0 == pairings.count - 1 ? electra : tiny }
        model = try RandomModels.portfolio(
            Self.configuration(
                pairings, encoders, hasPairs: hasPairs, labels: labels, temperature: temperature),
            key: RandomKey(seed: 21))
        try ModelDirectory.save(
            model, encoders: encoders, card: "", includesEncoder: includesEncoder, to: url)
    }

    public func remove() { try? FileManager.default.removeItem(at: directory) }

    /// In each view two heads: a mix of three replicas, and one on a single layer.
    private static func configuration(
        _ pairings: [Pairing], _ encoders: [Encoder], hasPairs: Bool, labels: [TaskLabel],
        temperature: Double
    ) -> ModelConfiguration {
        let views = zip(pairings, encoders).map { pairing, encoder in
            ModelConfiguration.View(
                encoder: .init(
                    name: encoder.directory.path, digest: encoder.digest), pairing: pairing,
                layers: [0, 1, 2], maximumLength: 24, width: encoder.width)
        }
        let weight = 1 / Double(2 * views.count)
        let members = views.indices.flatMap { place -> [ModelConfiguration.Member] in
            let pair = hasPairs && pairings[place] == .siamese ? "pair > " : ""
            return [
                ModelConfiguration.Member(
                    genotype: "layer(of=mix) > projection > pool-mean > \(pair)classifier",
                    view: place, layers: [0, 2], weight: weight / 2, replicas: 3),
                ModelConfiguration.Member(
                    genotype: "layer(of=1) > projection > self-attention > pool-attention > "
                        + "\(pair)classifier",
                    view: place, layers: [1], weight: weight * 3 / 2),
            ]
        }
        return ModelConfiguration(
            task: "toy", hasPairs: hasPairs, labels: labels, positiveLabel: 1,
            views: views, members: members, temperature: temperature)
    }

    /// Changes the configuration's JSON.
    public func edit(_ change: (inout [String: Any]) -> Void) throws {
        try JSONFile.edit(configuration, change)
    }
}
