import Features
import Heads
import Metrics
import RunStore
import Selection
import Support
import Training

/// The exact linear head on every layer, held-out rows of the same parts as the study's heads: what a
/// layer gives before any head is drawn.
struct LayerHeads {
    /// How one layer's linear head does.
    struct Record: Sendable, Equatable {
        /// The encoder's layer.
        let layer: Int
        /// Inverse strength C of the penalty with the lowest cross entropy.
        let strength: Double
        /// Accuracy over all held-out rows, a fraction of 1.
        let accuracy: Double
        /// Mean cross entropy over all held-out rows, in nats.
        let crossEntropy: Double
    }

    let space: SearchSpace
    let parts: HeldOutParts
    /// The parts that are held out in turn.
    let heldOut: [Int]
    let training: TrainingConfiguration
    let threads: Int
    let progress: ProgressHandler?
    /// Where finished fits are found and kept.
    let memo: TrainingMemo
    let key: RandomKey

    /// Fits every layer on every part.
    /// - Returns: the layers in ascending order.
    /// - Throws: `TrainingError`, `RunStoreError`, `Interrupted`.
    func run() throws -> [Record] {
        let genotypes = try space.context.layers.map { layer in
            try space.genotype(
                "layer(of=\(layer)) > projection(width=full) > \(space.pooledMeans) > "
                    + "classifier(norm=standard,hidden=0,dropout=0)")
        }
        let counter = WorkCounter(
            stage: "linear heads", total: genotypes.count * heldOut.count, unit: "fits",
            progress: progress)
        let paths = try Parallel.map(
            count: genotypes.count * heldOut.count, threads: threads
        ) { place, _ in
            let path = try fit(
                genotypes[place / heldOut.count], part: heldOut[place % heldOut.count], counter)
            try counter.add(1)
            return path
        }
        return try space.context.layers.enumerated().map { place, layer in
            let start = place * heldOut.count
            return try Self.record(layer, Array(paths[start..<start + heldOut.count]))
        }
    }

    /// Predictions on the part that is held out, for each strength of the penalty.
    private func fit(
        _ genotype: Genotype, part: Int, _ counter: WorkCounter
    ) throws -> [Predictions] {
        let graph = space.graph(of: genotype)
        let places = LogisticPath.strengths.indices.map {
            TrainingKey(
                stage: "linear heads \(part)", index: $0, genotype: genotype.description)
        }
        return try memo.fit(places, graph, extends: true) {
            let data = parts[part]
            return try LogisticPath(
                graph, train: data.train, dev: data.dev, classes: space.context.classes,
                balancesClasses: training.balancesClasses,
                key: key.child(genotype.description).child(part),
                onFit: { try counter.add(0) })
        }.map(\.dev)
    }

    /// The best of the strengths that all parts have.
    private static func record(_ layer: Int, _ paths: [[Predictions]]) throws -> Record {
        let scores = try (0..<(paths.map(\.count).min() ?? 0)).map { strength in
            try SelectionCriterion.accuracy.score(pooling: paths.map { $0[strength] })
        }
        let best = scores.indices.min { scores[$0].crossEntropy < scores[$1].crossEntropy } ?? 0
        return Record(
            layer: layer, strength: LogisticPath.strengths[best], accuracy: scores[best].value,
            crossEntropy: scores[best].crossEntropy)
    }
}
