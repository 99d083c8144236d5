import Features
import Heads
import RunStore
import Support
import Training

/// Trains several heads side by side, each on one thread.
struct TrainingStage: Sendable {
    let space: SearchSpace
    let parts: HeldOutParts
    let threads: Int
    let progress: ProgressHandler?
    var resumption = Resumption.none

    /// Trains every job; a head that diverges is out, the others go on.
    func train(
        _ jobs: [TrainingJob], _ key: RandomKey, stageName: String
    ) throws -> [TrainedGenotype] {
        let counter = EpochCounter(
            stage: stageName, total: jobs.reduce(0) { $0 + $1.configuration.epochs },
            progress: progress)
        // The largest first, so that the threads end together.
        let sizes = jobs.map { space.graph(of: $0.genotype).trainableCount }
        let order = jobs.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
        let trained = try Parallel.map(count: jobs.count, threads: threads) { place, _ in
            try train(jobs[order[place]], key, counter)
        }
        var result = trained
        for (place, index) in order.enumerated() { result[index] = trained[place] }
        return result
    }

    private func train(
        _ job: TrainingJob, _ key: RandomKey, _ counter: EpochCounter
    ) throws -> TrainedGenotype {
        let data = parts[job.part]
        var configuration = job.configuration
        // The task's dev decides, also where a larger part is held out.
        configuration.epochChoice = configuration.epochChoice.resolved(devRows: parts.devCount)
        let graph = space.graph(of: job.genotype)
        do {
            let head = try resumption.train(
                job.place(counter.stage, key), graph,
                onEpoch: { _ in try counter.add(1) },
                training: { onEpoch in
                    try HeadTrainer(configuration).train(
                        graph, train: data.train, dev: data.dev,
                        classes: space.context.classes, key: job.key(key), onEpoch: onEpoch,
                        onStep: { try counter.add(0) })
                })
            try counter.add(job.configuration.epochs - head.history.count)
            return TrainedGenotype(genotype: job.genotype, head: head)
        } catch TrainingError.diverged {
            return TrainedGenotype(genotype: job.genotype, head: nil)
        }
    }
}
