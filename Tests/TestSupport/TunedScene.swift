import Encoders
import Export
import Foundation
import Heads
import Support
import Tasks

/// Heads on a frozen encoder beside one on layers of it that were fine-tuned, saved.
public struct TunedScene {
    public let directory: URL
    public let encoder: Encoder
    public let model: Model
    public var url: URL { directory.appendingPathComponent("model") }
    public var configuration: URL { url.appendingPathComponent("config.json") }
    /// One for each view.
    public var encoders: [Encoder] { model.configuration.views.map { _ in encoder } }

    /// - Parameters:
    ///   - pairing: of both views.
    ///   - firstLayer: the lowest fine-tuned layer, of two.
    ///   - isFirst: whether the view with fine-tuned layers is the first.
    ///   - hasFrozen: whether there are heads on the frozen encoder.
    ///   - hasLinear: whether the fine-tuned head is gated beside a linear one.
    public init(
        _ pairing: Pairing = .joint, firstLayer: Int = 1, isFirst: Bool = false,
        hasFrozen: Bool = true, hasLinear: Bool = true, includesEncoder: Bool = false,
        labels: [TaskLabel] = RandomModels.labels(3)
    ) throws {
        directory = try TinyEncoder.temporaryDirectory()
        let place = directory.appendingPathComponent("tiny")
        try TinyEncoder.write(to: place)
        encoder = try Encoder(directory: place)
        model = try RandomModels.portfolio(
            Self.configuration(
                pairing, encoder, firstLayer, isFirst: isFirst, hasFrozen: hasFrozen,
                hasLinear: hasLinear, labels),
            on: encoder, key: RandomKey(seed: 31))
        try ModelDirectory.save(
            model, encoders: encoders, card: "", includesEncoder: includesEncoder, to: url)
    }

    public func remove() { try? FileManager.default.removeItem(at: directory) }

    private static func configuration(
        _ pairing: Pairing, _ encoder: Encoder, _ firstLayer: Int, isFirst: Bool,
        hasFrozen: Bool, hasLinear: Bool, _ labels: [TaskLabel]
    ) -> ModelConfiguration {
        func view(_ layers: [Int], _ tuning: ModelConfiguration.FineTuning? = nil)
            -> ModelConfiguration.View
        {
            .init(
                encoder: .init(name: encoder.directory.path, digest: encoder.digest),
                pairing: pairing, layers: layers, maximumLength: 24, width: encoder.width,
                fineTuning: tuning)
        }
        let pair = pairing == .siamese ? "pair > " : ""
        let linear = "projection(width=full) > pool-mean > \(pair)classifier(hidden=0,dropout=0)"
        let tuned = view(
            [firstLayer - 1],
            .init(
                firstLayer: firstLayer, lastLayer: 2, headLayers: [2],
                linear: hasLinear ? .init(genotype: linear, layers: [2]) : nil,
                weightPrefix: encoder.weightPrefix))
        let views = hasFrozen ? [view([1, 2]), tuned] : [tuned]
        var members = [
            ModelConfiguration.Member(
                genotype: "layer(of=mix) > projection > pool-mean > \(pair)classifier",
                layers: [1, 2], weight: 0.25, replicas: 2),
            ModelConfiguration.Member(
                genotype: "layer(of=2) > projection > pool-max > \(pair)classifier", view: 1,
                layers: [firstLayer - 1], weight: 0.5),
            ModelConfiguration.Member(
                genotype: "layer(of=2) > \(linear)", layers: [2], weight: 0.25),
        ]
        if !hasFrozen {
            members = [members[1]]
            (members[0].view, members[0].weight) = (0, 1)
        } else if isFirst {
            for place in members.indices { members[place].view = 1 - members[place].view }
        }
        return ModelConfiguration(
            task: "toy", hasPairs: true, labels: labels, positiveLabel: 1,
            views: isFirst ? views.reversed() : views, members: members, temperature: 1.25)
    }

    /// Changes the configuration's JSON.
    public func edit(_ change: (inout [String: Any]) -> Void) throws {
        try JSONFile.edit(configuration, change)
    }
}

/// JSON files that tests change.
public enum JSONFile {
    /// Changes the object in a file.
    public static func edit(_ url: URL, _ change: (inout [String: Any]) -> Void) throws {
        var object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
        change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: url)
    }
}
