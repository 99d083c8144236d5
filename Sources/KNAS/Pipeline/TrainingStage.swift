import Features
import Foundation
import Heads
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

    /// Trains each head once; a head that diverges is out, the others go on.
    func train(
        _ genotypes: [Genotype], _ configuration: TrainingConfiguration, _ key: RandomKey,
        stageName: String
    ) throws -> [TrainedGenotype] {
        let counter = EpochCounter(
            stage: stageName, total: genotypes.count * configuration.epochs, progress: progress)
        let trainer = try HeadTrainer(configuration)
        return try Parallel.map(count: genotypes.count, threads: threads) { index, _ in
            let genotype = genotypes[index]
            do {
                // The key goes by the head: its result does not depend on what else is trained.
                let head = try trainer.train(
                    space.graph(of: genotype), train: train, dev: dev,
                    classes: space.context.classes, key: key.child(genotype.description)
                ) { _ in try counter.add(1) }
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
        let counter = EpochCounter(
            stage: "winner", total: count * configuration.epochs, progress: progress)
        let trainer = try HeadTrainer(configuration)
        return try Parallel.map(count: count, threads: threads) { index, _ in
            let head = try trainer.train(
                space.graph(of: genotype), train: train, dev: dev,
                classes: space.context.classes, key: key.child(index)
            ) { _ in try counter.add(1) }
            try counter.add(configuration.epochs - head.history.count)
            return head
        }
    }
}
