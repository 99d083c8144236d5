import Encoders
import Export
import Foundation
import KNAS
import Metrics
import Support
import Tasks
import TestSupport
import Training

/// A model of random weights on a tiny encoder, in a directory of its own.
struct Scene {
    let directory: URL
    let encoder: Encoder
    var model: URL { directory.appendingPathComponent("toy/model") }

    init() throws {
        directory = try TinyEncoder.temporaryDirectory()
        let place = directory.appendingPathComponent("tiny")
        try TinyEncoder.write(to: place)
        encoder = try Encoder(directory: place)
    }

    /// A scene with a model in it.
    init(_ targets: TargetSpace, hasPairs: Bool = false, heldOut: Int = 0) throws {
        try self.init()
        try save(targets, hasPairs: hasPairs, heldOut: heldOut)
    }

    /// Writes the model, over the one that is there.
    /// - Parameter heldOut: rows whose scores and distances are made up; without any, the model promises nothing
    ///   and compares texts with nothing, like one of an earlier version.
    func save(
        _ targets: TargetSpace, hasPairs: Bool = false, heldOut: Int = 0, seed: UInt64 = 21
    ) throws {
        let count =
            switch targets {
            case .classes(let count), .labels(let count): count
            case .number: 0
            }
        let configuration = ModelConfiguration(
            task: "toy", hasPairs: hasPairs, labels: RandomModels.labels(count), targets: targets,
            positiveLabel: nil,
            views: [
                .init(
                    encoder: .init(name: encoder.directory.path, digest: encoder.digest),
                    pairing: .joint, layers: [1, 2], maximumLength: 24, width: encoder.width)
            ],
            members: [
                .init(
                    genotype: "layer(of=mix) > projection > pool-mean > classifier", layers: [1, 2])
            ])
        var model = try RandomModels.portfolio(configuration, key: RandomKey(seed: seed))
        if heldOut > 0 {
            let shares = (1...heldOut).map { Double($0) / Double(heldOut) }
            var configuration = model.configuration
            configuration.conformal = ConformalScores(shares)
            configuration.familiarity = .init(
                view: 0, layer: 2, distances: ConformalScores(shares.map { 2 * $0 }))
            model = Model(
                configuration: configuration, members: model.members,
                familiarity: Familiarity(
                    means: (0..<encoder.width).map { Float($0 % 3) - 1 }, width: encoder.width))
        }
        try ModelDirectory.save(
            model, encoders: [encoder], card: "", includesEncoder: true, to: self.model)
    }

    func classifier() throws -> TextClassifier {
        try TextClassifier(contentsOf: model, threads: 1)
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}
