import Features
import Heads
import Metrics
import Search
import Support
import Training

/// The heads that were trained, the model that is exported, and what it is compared with.
public struct SelectedHeads: Sendable {
    /// Every head that was trained, in the order of trainings.
    public var entries: [Entry]
    /// The model to export.
    public var exported: SelectedModel
    /// The best head by itself, or the one that the user gave.
    public var single: SelectedModel
    /// What the exported model is compared with on test.
    public var controls: [SelectedModel]

    /// The heads of the search that were trained, for the leaderboard.
    public var searched: [Entry] {
        entries.filter { $0.role == .contestant || $0.role == .tried }
    }
}

/// The fine step: from ranked heads to the model to export, and its controls.
public struct HeadSelection: Sendable {
    let trainings: HeadTrainings
    let configuration: SelectionConfiguration
    let key: RandomKey
    let note: @Sendable (String) -> Void

    /// - Parameters:
    ///   - key: the run's.
    ///   - note: called with one line about what each step found.
    public init(
        _ trainings: HeadTrainings, _ configuration: SelectionConfiguration, key: RandomKey,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.trainings = trainings
        self.configuration = configuration
        self.key = key
        self.note = note
    }

    /// The name that the search's heads are trained under.
    private static let contestants = "contestants"

    private func contest(_ test: [FeatureSet]) -> Contest {
        Contest(
            trainings: trainings, configuration: configuration, test: test,
            key: key.child("contest"))
    }

    /// Trains a head as a contestant with a part of the data held out, so that a later ``run`` finds
    /// it.
    /// - Parameter placeholder: features of any split, which are not read.
    /// - Throws: `BadOption` for a part that does not exist.
    public func trainContestant(
        _ genotype: Genotype, part: Int, placeholder: [FeatureSet]
    ) throws {
        let count = trainings.partCount
        try require((0..<count).contains(part), "--held-out", part, "0 to \(count - 1)")
        let contest = contest(placeholder)
        _ = try trainings.train(
            [contest.job(contest.entry(.contestant, genotype), part: part)], contest.key,
            stageName: Self.contestants)
    }

    /// Chooses among ranked heads.
    ///
    /// - Parameters:
    ///   - candidates: the heads of the search, best first, or the one head that the user gave.
    ///   - isGiven: whether the user gave the head: then it is exported by itself.
    ///   - competing: whether linear heads may be exported or become members.
    ///   - costs: what answering and training cost.
    ///   - scoring: what scoring took, in multiply-adds.
    ///   - limits: what random heads may cost in each view.
    ///   - test: the test split's features in every view, for the evaluation later.
    ///   - everyLayer: all that heads may read, where those of the search may read the best layers
    ///     only; random search asks for it.
    ///   - watch: times the stages.
    /// - Throws: `TrainingError`, ``RunError/nothingFinished``, `Interrupted`.
    public func run(
        _ candidates: [Genotype], isGiven: Bool, competing: Bool, costs: AnswerCosts,
        scoring: @autoclosure () -> Double, limits: [HeadLimits], test: [FeatureSet],
        everyLayer: (@Sendable () throws -> Ground)? = nil, watch: Stopwatch
    ) throws -> SelectedHeads {
        let contest = contest(test)
        // First, as they take the least time: what there is where a run has to end early.
        let exact = LinearHeads(contest: contest, key: key.child("linear"))
        let linear = try watch.time("linear heads") { try exact.run(competing: competing) }
        let heads = Spread.choose(candidates, count: configuration.funnel, in: trainings.spaces)
        var (contestants, left) = try watch.time("contestants") {
            try Funnel(contest: contest).run(
                heads, roles: (.contestant, .tried), stageName: Self.contestants)
        }
        if let best = Entry.ranking(contestants).first {
            contestants += try watch.time("tuning") { try variants(contestants[best], contest) }
        }
        // Only controls that spend as much ask.
        func budget() -> Double {
            let rowsOfTrials = contest.rowsOfTrials
            return scoring()
                + Funnel.work(left, trainRows: trainings.views[0][0].train.count) {
                    costs.trainings($0, rows: $1)
                }
                + contestants.reduce(0) { $0 + costs.trainings($1.genotype, rows: rowsOfTrials) }
        }
        let controls = Controls(
            contest: contest, costs: costs, limits: limits, isGiven: isGiven,
            everyLayer: everyLayer, funnel: heads.count, key: key)
        let mlp = try watch.time("controls") { try controls.mlp() }
        let others = competing ? linear + mlp : []
        let step = PortfolioStep(
            contest: contest, linear: exact, costs: costs, key: key.child("portfolio"))
        let single = try watch.time("portfolio") { try best(contestants + others, contest, exact) }
        let exported =
            isGiven || configuration.exportsSingle
            ? single
            : try watch.time("portfolio") {
                try step.run(.portfolio, contestants + others, stageName: "portfolio")
            }
        report(exported, single)
        let cost = costs.factor(of: exported)
        if !configuration.affords(cost) {
            note(
                "warning: no head answers within --max-cost; the exported one costs "
                    + String(format: "%.2fx", cost))
        }
        let (compared, trained) = try watch.time("controls") {
            try controls.run(linear: linear, mlp: mlp, others: others, budget: budget(), step: step)
        }
        return SelectedHeads(
            entries: contestants + left + linear + mlp + trained, exported: exported,
            single: single, controls: compared)
    }

    /// The best contestant under other training configurations.
    private func variants(_ best: Entry, _ contest: Contest) throws -> [Entry] {
        let others = Tuning(key: key.child("tuning")).configurations(
            beside: configuration.training, count: configuration.tuning)
        guard !others.isEmpty else { return [] }
        return try contest.tried(
            others.map { contest.entry(.tuning, best.genotype, $0) }, stageName: "tuning"
        ).filter(\.isSound)
    }

    /// The best head on held-out rows, by itself.
    private func best(
        _ entries: [Entry], _ contest: Contest, _ exact: LinearHeads
    ) throws -> SelectedModel {
        let all = entries.filter { $0.trials.count == contest.parts }
        guard let place = Entry.ranking(all).first else { throw RunError.nothingFinished }
        let best = all[place]
        let alone =
            best.recipe.isDeterministic
            ? try exact.refitted(best)
            : try contest.alone(
                best, together: configuration.averagesSeeds, stageName: "single head, seeds")
        return try SelectedModel(.single, alone, isCalibrated: true)
    }

    private func report(_ exported: SelectedModel, _ single: SelectedModel) {
        note("best single head: \(single.members[0].entry.genotype)")
        guard exported.role == .portfolio else { return }
        let figures = [exported, single].map { model in
            model.heldOut.map { configuration.training.criterion.headline($0) }
        }
        if let together = figures[0], let alone = figures[1] {
            let count = exported.members.count
            note(
                "held-out rows: \(count == 1 ? "one head" : "\(count) heads together") "
                    + "\(together), the best head alone \(alone)")
        }
    }
}
