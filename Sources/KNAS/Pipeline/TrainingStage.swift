import Features
import Foundation
import Heads
import RunStore
import Support
import Training

/// A head and what training made of it.
struct TrainedGenotype: Sendable {
    let genotype: Genotype
    /// `nil` where training failed, e.g. diverged.
    let head: TrainedHead?
}

/// Trains several heads side by side, each on one thread.
struct TrainingStage: Sendable {
    let space: SearchSpace
    let train: FeatureSet
    let dev: FeatureSet
    let threads: Int
    let progress: ProgressHandler?
    var resumption = Resumption.none

    /// Trains each head once; a head that diverges is out, the others go on.
    func train(
        _ genotypes: [Genotype], _ configuration: TrainingConfiguration, _ key: RandomKey,
        stageName: String
    ) throws -> [TrainedGenotype] {
        let counter = Counter(
            stage: stageName, total: genotypes.count * configuration.epochs, progress: progress)
        let trainer = try HeadTrainer(configuration)
        return try Parallel.map(count: genotypes.count, threads: threads) { index, _ in
            let genotype = genotypes[index]
            do {
                // The key goes by the head: its result does not depend on what else is trained.
                let place = TrainingKey(stage: stageName, index: 0, genotype: "\(genotype)")
                let graph = space.graph(of: genotype)
                let head = try resumption.train(
                    place, graph, onEpoch: { _ in try counter.add(1) }
                ) { onEpoch in
                    try trainer.train(
                        graph, train: train, dev: dev, classes: space.context.classes,
                        key: key.child(genotype.description), onEpoch: onEpoch,
                        onStep: { try counter.add(0) })
                }
                try counter.add(configuration.epochs - head.history.count)
                return TrainedGenotype(genotype: genotype, head: head)
            } catch TrainingError.diverged {
                return TrainedGenotype(genotype: genotype, head: nil)
            }
        }
    }

    /// Trains one head with several seeds.
    func trainSeeds(
        _ genotype: Genotype, count: Int, _ configuration: TrainingConfiguration,
        _ key: RandomKey
    ) throws -> [TrainedHead] {
        let counter = Counter(
            stage: "winner", total: count * configuration.epochs, progress: progress)
        let trainer = try HeadTrainer(configuration)
        return try Parallel.map(count: count, threads: threads) { index, _ in
            let place = TrainingKey(stage: "winner", index: index, genotype: "\(genotype)")
            let graph = space.graph(of: genotype)
            let head = try resumption.train(
                place, graph, onEpoch: { _ in try counter.add(1) }
            ) { onEpoch in
                try trainer.train(
                    graph, train: train, dev: dev, classes: space.context.classes,
                    key: key.child(index), onEpoch: onEpoch, onStep: { try counter.add(0) })
            }
            try counter.add(configuration.epochs - head.history.count)
            return head
        }
    }

    /// Counts epochs over threads.
    private final class Counter: @unchecked Sendable {
        private let lock = NSLock()
        private let stage: String
        private let total: Int
        private let progress: ProgressHandler?
        private var completed = 0

        init(stage: String, total: Int, progress: ProgressHandler?) {
            self.stage = stage
            self.total = total
            self.progress = progress
        }

        func add(_ count: Int) throws {
            let now = lock.withLock {
                completed += count
                return completed
            }
            try WorkProgress(stage: stage, completed: now, total: total, unit: "epochs")
                .report(to: progress)
        }
    }
}
