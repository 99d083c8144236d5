import Features
import Heads
import Metrics
import RunStore
import Scoring
import Selection
import Support
import Training

/// The exact linear head on every layer of every view, tried on the same held-out rows as the study's
/// heads: what a layer gives before any head is drawn.
struct LayerHeads {
    /// How one layer's linear head does.
    struct Record: Sendable {
        /// The view; `nil` where there is only one.
        let view: String?
        /// The encoder's layer.
        let layer: Int
        /// Inverse strength C of the penalty with the lowest cross entropy.
        let strength: Double
        /// Accuracy over all held-out rows, a fraction of 1.
        let accuracy: Double
        /// Mean cross entropy over all held-out rows, in nats.
        let crossEntropy: Double
    }

    let spaces: SearchSpaces
    /// One for each view.
    let parts: [HeldOutParts]
    /// The parts that are held out in turn.
    let heldOut: [Int]
    let training: TrainingConfiguration
    let threads: Int
    let progress: ProgressHandler?
    /// Where finished fits are found and kept.
    let memo: TrainingMemo
    let key: RandomKey

    /// Fits every layer on every part.
    /// - Returns: view by view, the layers in ascending order.
    /// - Throws: `TrainingError`, `RunStoreError`, `Interrupted`.
    func run() throws -> [Record] {
        let layers = spaces.spaces.enumerated().flatMap { view, space in
            space.context.layers.map { (view: view, layer: $0) }
        }
        let counter = WorkCounter(
            stage: "linear heads", total: layers.count * heldOut.count, unit: "fits",
            progress: progress)
        let paths = try Parallel.map(
            count: layers.count * heldOut.count, threads: threads
        ) { place, _ in
            let (view, layer) = layers[place / heldOut.count]
            let path = try fit(
                layer, view: view, part: heldOut[place % heldOut.count], counter)
            try counter.add(1)
            return path
        }
        return try layers.enumerated().map { place, read in
            let start = place * heldOut.count
            return try Self.record(
                spaces.spaces[read.view].context.view, read.layer,
                Array(paths[start..<start + heldOut.count]))
        }
    }

    /// The head of a layer as it was fitted with the first of the parts held out: the strength with the lowest
    /// cross entropy.
    func best(_ layer: Int, view: Int) throws -> TrainedHead? {
        let counter = WorkCounter(stage: "linear heads", total: 1, unit: "fits", progress: progress)
        return try heads(layer, view: view, part: heldOut[0], counter)
            .min { $0.history[0].devCrossEntropy < $1.history[0].devCrossEntropy }
    }

    /// Predictions on the part that is held out, for each strength of the penalty.
    private func fit(
        _ layer: Int, view: Int, part: Int, _ counter: WorkCounter
    ) throws -> [Predictions] {
        try heads(layer, view: view, part: part, counter).map(\.dev)
    }

    /// The fits with a part held out, for each strength of the penalty.
    private func heads(
        _ layer: Int, view: Int, part: Int, _ counter: WorkCounter
    ) throws -> [TrainedHead] {
        let space = spaces.spaces[view]
        let genotype = try LinearHeads.head(in: space, layer: layer)
        let graph = space.graph(of: genotype)
        let places = LogisticPath.strengths.indices.map {
            TrainingKey(
                stage: "linear heads \(part)", index: $0, genotype: genotype.description)
        }
        return try memo.fit(places, graph) {
            let data = parts[view][part]
            return try LogisticPath(
                graph, train: data.train, dev: data.dev, classes: spaces.classes,
                balancesClasses: training.balancesClasses,
                key: key.child(genotype.description).child(part),
                onFit: { try counter.add(0) })
        }
    }

    /// What the learned ranking reads of them.
    static func standings(_ records: [Record]) -> LayerStandings {
        LayerStandings(
            records.map {
                LayerStandings.Layer(
                    view: $0.view, layer: $0.layer, crossEntropy: $0.crossEntropy)
            })
    }

    /// The best of the strengths that all parts have.
    private static func record(
        _ view: String?, _ layer: Int, _ paths: [[Predictions]]
    ) throws -> Record {
        let scores = try (0..<(paths.map(\.count).min() ?? 0)).map { strength in
            try SelectionCriterion.accuracy.score(pooling: paths.map { $0[strength] })
        }
        let best = scores.indices.min { scores[$0].crossEntropy < scores[$1].crossEntropy } ?? 0
        return Record(
            view: view, layer: layer, strength: LogisticPath.strengths[best],
            accuracy: scores[best].value, crossEntropy: scores[best].crossEntropy)
    }
}
