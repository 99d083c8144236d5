import Heads
import Support
import Training

/// How long trainings take on this machine, from a few steps of some heads.
///
///     let estimate = try WorkEstimate(measuring: heads, trainings, costs, configuration, key: key)
///     print(estimate.seconds(funnel: 64, keep: 12, seeds: 1))
public struct WorkEstimate: Sendable {
    /// Rows of training that take a second, for a head of mean cost, on all threads.
    private let rowsPerSecond: Double
    private let trainings: HeadTrainings
    private let configuration: SelectionConfiguration

    /// Steps of every head that are measured, after some that are not: the first ones also allocate.
    private static let steps = 8
    private static let firstSteps = 2
    /// Heads that are chosen cost more than those that are drawn, and they are looked at after every
    /// epoch.
    private static let overhead = 1.5
    /// Members that a portfolio has where it may have more.
    private static let usualMembers = 6

    /// Trains some heads for a few steps; nothing is kept.
    ///
    /// - Parameters:
    ///   - heads: drawn as those of the search are.
    ///   - configuration: how they will be trained.
    ///   - key: decides their starts.
    /// - Throws: `TrainingError`, `Interrupted`.
    /// - Precondition: there is at least one head.
    public init(
        measuring heads: [Genotype], _ trainings: HeadTrainings,
        _ configuration: SelectionConfiguration, key: RandomKey
    ) throws {
        self.trainings = trainings
        self.configuration = configuration
        let training = configuration.training
        let seconds = try Parallel.map(count: heads.count, threads: trainings.threads) {
            place, _ -> Double in
            let data = trainings.parts(of: heads[place])[0]
            let measured = try HeadTraining(
                training, trainings.spaces.graph(of: heads[place]), train: data.train,
                dev: data.dev, classes: trainings.classes, key: key.child(place))
            let watch = ContinuousClock()
            var start = watch.now
            var steps = 0
            do {
                try measured.run(
                    steps: Self.firstSteps + Self.steps,
                    onStep: {
                        steps += 1
                        if steps == Self.firstSteps { start = watch.now }
                    })
            } catch TrainingError.diverged {}
            return (watch.now - start).inSeconds / Double(max(1, steps - Self.firstSteps))
        }
        // Each on one thread, as later.
        let mean = seconds.reduce(0, +) / Double(heads.count)
        rowsPerSecond =
            Double(trainings.threads * training.batchSize) / max(1e-6, mean)
    }

    /// Seconds from the first training to a portfolio whose members are ready.
    ///
    /// - Parameters:
    ///   - funnel: heads that begin to be trained.
    ///   - keep: heads that are trained to the end.
    ///   - seeds: trainings of each member on all rows.
    ///   - testRows: rows that the members answer in the end.
    public func seconds(funnel: Int, keep: Int, seeds: Int, testRows: Int) -> Double {
        let parts = trainings.partCount(holdingOut: configuration.heldOutRows)
        let epochs = configuration.training.epochs
        let all = trainings.views[0][trainings.everything].train.count
        let trials = (0..<parts).reduce(0) { $0 + epochs * trainings.views[0][$1].train.count }
        let funnelRows = Funnel.rows(
            begin: funnel, contestants: keep, trainRows: trainings.views[0][0].train.count,
            epochs: epochs, parts: trainings.partCount(holdingOut: Funnel.comparisonRows))
        let members = min(configuration.members, Self.usualMembers, keep)
        let replicas = max(seeds, Contest.fewestReplicas - parts)
        let rows =
            Double(funnelRows + keep * trials + (members * replicas + 2) * epochs * all)
            // A forward pass is a third of a step.
            + Double(members * (parts + replicas) * testRows) / 3
        return Self.overhead * rows / rowsPerSecond
    }
}
