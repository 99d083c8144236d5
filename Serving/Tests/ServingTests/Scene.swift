import Encoders
import Export
import Foundation
import KNAS
import Metrics
import Support
import Tasks
import TestSupport

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
    init(_ targets: TargetSpace, hasPairs: Bool = false) throws {
        try self.init()
        try save(targets, hasPairs: hasPairs)
    }

    /// Writes the model, over the one that is there.
    func save(_ targets: TargetSpace, hasPairs: Bool = false, seed: UInt64 = 21) throws {
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
        let model = try RandomModels.portfolio(configuration, key: RandomKey(seed: seed))
        try ModelDirectory.save(
            model, encoders: [encoder], card: "", includesEncoder: true, to: self.model)
    }

    func classifier() throws -> TextClassifier {
        try TextClassifier(contentsOf: model, threads: 1)
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}
