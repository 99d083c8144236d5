import Features
import Heads
import RunStore
import Support
import Training

/// Trains several heads in parallel, each on one thread, on parts of the data.
public struct HeadTrainings: Sendable {
    let spaces: SearchSpaces
    /// One for each view: the same rows and folds.
    let views: [HeldOutParts]
    let threads: Int
    let progress: ProgressHandler?
    let memo: TrainingMemo
    private let paused = PausedTrainings()

    /// - Parameters:
    ///   - parts: one for each of the spaces.
    ///   - memo: where finished trainings are found and kept.
    /// - Precondition: all parts have the same rows and folds.
    public init(
        spaces: SearchSpaces, parts: [HeldOutParts], threads: Int, progress: ProgressHandler?,
        memo: TrainingMemo = .none
    ) {
        precondition(
            parts.count == spaces.spaces.count && parts.allSatisfy { $0.isLike(parts[0]) },
            "the same parts for every view")
        self.spaces = spaces
        views = parts
        self.threads = threads
        self.progress = progress
        self.memo = memo
    }

    /// Number of classes.
    public var classes: Int { spaces.classes }

    /// The parts of the data in the view that a head reads.
    func parts(of genotype: Genotype) -> HeldOutParts { views[spaces.index(of: genotype)] }

    /// The number of parts, the same in every view: dev and the folds.
    var partCount: Int { views[0].count }

    /// The number of the part that holds nothing out; see ``HeldOutParts/everything``.
    var everything: Int { views[0].everything }

    /// The number of parts that together hold out at least so many rows; see
    /// ``HeldOutParts/count(holdingOut:)``.
    func partCount(holdingOut rows: Int) -> Int { views[0].count(holdingOut: rows) }

    /// Trains every job; a head that diverges is `nil`, as is one that is left out where a run is to end
    /// with what there is; the others continue.
    public func train(
        _ jobs: [TrainingJob], _ key: RandomKey, stageName: String
    ) throws -> [TrainedHead?] {
        let counter = epochs(jobs, stageName)
        return try run(jobs, counter) { job in
            try memo.train(
                job.place(counter.stage, key), spaces.graph(of: job.genotype),
                onEpoch: { _ in try counter.add(1) },
                training: { try train(job, key, counter, onEpoch: $0) })
        }
    }

    /// The outcome of every job, without the weights; `nil` where it diverges.
    public func outcomes(
        _ jobs: [TrainingJob], _ key: RandomKey, stageName: String
    ) throws -> [TrainingOutcome?] {
        let counter = epochs(jobs, stageName)
        return try run(jobs, counter) { job in
            try memo.outcome(
                job.place(counter.stage, key), onEpoch: { _ in try counter.add(1) },
                training: { try train(job, key, counter, onEpoch: $0) })
        }
    }

    /// Trains every job for some epochs, and pauses: a later ``train(_:_:stageName:)`` goes on.
    ///
    /// - Parameters:
    ///   - epochs: those that it has been trained for in the end, at most.
    ///   - rows: training rows that it has seen in the end, at most.
    /// - Returns: what the weights of that moment say of the part that is held out; `nil` where a
    ///   training diverges.
    func advance(
        _ jobs: [TrainingJob], _ key: RandomKey, epochs: Int, rows: Int, stageName: String
    ) throws -> [TrainingOutcome?] {
        let counter = WorkCounter(
            stage: stageName, total: jobs.count, unit: "trainings", progress: progress)
        return try run(jobs, counter) { job in
            let name = "\(counter.stage), \(epochs) epochs, \(rows) rows"
            let outcome = try memo.outcome(
                job.place(name, key), onEpoch: { _ in try counter.add(0) },
                training: { onEpoch in
                    let training = try paused(job, key)
                    let steps = min(
                        epochs * training.stepsPerEpoch,
                        (rows + job.configuration.batchSize - 1) / job.configuration.batchSize)
                    try training.run(steps: steps, onEpoch: onEpoch) { try counter.add(0) }
                    paused.keep(training, job.place(Self.pausedStage, key))
                    return try training.headSoFar()
                })
            try counter.add(1)
            return outcome
        }
    }

    /// Drops all trainings that pause but these.
    func drop(except jobs: [TrainingJob], _ key: RandomKey) {
        paused.drop(except: Set(jobs.map { $0.place(Self.pausedStage, key) }))
    }

    /// What trainings that pause are kept under, whatever the stage.
    private static let pausedStage = "paused"

    /// A job's training, which may have paused.
    private func paused(_ job: TrainingJob, _ key: RandomKey) throws -> HeadTraining {
        if let known = paused.take(job.place(Self.pausedStage, key)) { return known }
        let data = parts(of: job.genotype)[job.part]
        return try HeadTraining(
            job.configuration, spaces.graph(of: job.genotype), train: data.train, dev: data.dev,
            classes: spaces.classes, key: job.key(key))
    }

    /// Trains a head on all of train with every seed.
    /// - Throws: ``TrainingError/diverged(epoch:)`` when every training diverged, `LeftOut` where nothing more is
    ///   trained and none was.
    func trainSeeds(
        _ genotype: Genotype, _ configuration: TrainingConfiguration, count: Int,
        _ key: RandomKey, stageName: String
    ) throws -> [TrainedHead] {
        let jobs = (0..<count).map {
            TrainingJob(genotype: genotype, configuration: configuration, seed: $0)
        }
        let heads = try train(jobs, key, stageName: stageName).compactMap { $0 }
        if heads.isEmpty { throw memo.isClosed ? LeftOut() : TrainingError.diverged(epoch: 1) }
        return heads
    }

    /// Counts the epochs of trainings.
    private func epochs(_ jobs: [TrainingJob], _ stageName: String) -> WorkCounter {
        WorkCounter(
            stage: stageName, total: jobs.reduce(0) { $0 + $1.configuration.epochs },
            progress: progress)
    }

    private func run<Result: Sendable>(
        _ jobs: [TrainingJob], _ counter: WorkCounter,
        _ body: @Sendable (TrainingJob) throws -> Result
    ) throws -> [Result?] {
        // The largest first, so the threads finish at about the same time.
        let sizes = jobs.map { spaces.graph(of: $0.genotype).trainableCount }
        let order = jobs.indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
        let results = try Parallel.map(count: jobs.count, threads: threads) {
            place, _ -> Result? in
            do {
                return try body(jobs[order[place]])
            } catch TrainingError.diverged {
                return nil
            } catch is LeftOut {
                return nil
            }
        }
        var inOrder = results
        for (place, index) in order.enumerated() { inOrder[index] = results[place] }
        return inOrder
    }

    private func train(
        _ job: TrainingJob, _ key: RandomKey, _ counter: WorkCounter,
        onEpoch: (EpochRecord) throws -> Void
    ) throws -> TrainedHead {
        let training = try paused(job, key)
        // Epochs before a pause count, too.
        for record in training.history { try onEpoch(record) }
        try training.run(onEpoch: onEpoch) { try counter.add(0) }
        let head = try training.head()
        // The epochs that early stopping saved.
        try counter.add(job.configuration.epochs - head.history.count)
        return head
    }
}
