import Features
import Foundation
import Heads
import RunStore
import Support
import TestSupport
import Training

@testable import Selection

/// Made-up rows, heads for them, and the ground that they compete on.
struct SelectionScene {
    let train: [FeatureSet]
    let dev: [FeatureSet]
    let test: [FeatureSet]
    let spaces: SearchSpaces
    var configuration = SelectionConfiguration()
    let key = RandomKey(seed: 4)

    /// - Parameters:
    ///   - noise: one number for each view; with an infinite one no head of the view can be trained.
    init(
        train: Int = 60, dev: Int = 40, segments: Int = 1, classes: Int = 2, noise: [Float] = [2]
    ) throws {
        func sets(_ examples: Int, _ seed: UInt64) throws -> [FeatureSet] {
            try noise.enumerated().map { place, noise in
                try SyntheticFeatures.make(
                    examples: examples, segments: segments, classes: classes, noise: noise,
                    seed: seed + 10 * UInt64(place))
            }
        }
        self.train = try sets(train, 1)
        self.dev = try sets(dev, 2)
        test = try sets(30, 3)
        let operations = ["layer", "projection", "pool-mean", "pool-max", "pair", "classifier"]
        spaces = SearchSpaces(
            try noise.indices.map { place in
                try SearchSpace(
                    context: HeadContext(
                        inputWidth: 16, classes: classes, segments: segments,
                        view: noise.count > 1 ? "view\(place)" : nil),
                    maximumBlocks: 0, operations: operations)
            })
        configuration.training.epochs = 4
        configuration.keep = 2
    }

    func contest(
        threads: Int = 2, memo: TrainingMemo = .none, progress: ProgressHandler? = nil
    ) -> Contest {
        Contest(
            trainings: HeadTrainings(
                spaces: spaces,
                parts: HeldOutParts.views(
                    train: train, dev: dev, trainsOnDev: true, key: key.child("parts")),
                threads: threads, progress: progress, memo: memo),
            configuration: configuration, test: test, key: key.child("contest"))
    }

    /// Different heads, drawn at random.
    /// - Parameter view: the index of the one that they read; `nil` for any.
    func heads(_ count: Int, view: Int? = nil) -> [Genotype] {
        var generator = key.child("heads").generator()
        var heads: [Genotype] = []
        while heads.count < count {
            let head =
                view.map { spaces.spaces[$0].sample(using: &generator) }
                ?? spaces.sample(using: &generator)
            if !heads.contains(head) { heads.append(head) }
        }
        return heads
    }
}

/// A run's directory.
struct Directory {
    let url: URL
    let identity = RunIdentity(
        program: "1", kernels: "k", task: "toy", data: "d", encoder: "e", seed: 7, choices: [:])

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("selection-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    /// Does something with the store of the run, which is begun or resumed.
    func withStore<Result>(_ body: (TrainingMemo) throws -> Result) throws -> Result {
        let store = try RunStore(url, identity: identity, mode: .resume)
        defer { try? store.close() }
        return try body(TrainingMemo(store))
    }
}

/// All that a trained head says and is: equal for heads that are the same, bit for bit.
struct Fingerprint: Equatable {
    let role: Role
    let genotype: Genotype
    let recipe: Recipe
    let rounds: Int
    let histories: [[EpochRecord]?]
    let heldOut: [[Float]]
    let weights: [[Float]]

    init(_ entry: Entry) {
        role = entry.role
        genotype = entry.genotype
        recipe = entry.recipe
        rounds = entry.rounds
        histories = entry.trials.map { $0?.history }
        heldOut = entry.heldOut.map(\.probabilities)
        weights = entry.replicas.map { $0.parameters.storage.array }
    }
}
