import Features
import Heads
import Support
import Training

/// What the search has to beat. A new control is a ``Role`` and a few lines in ``run``.
struct Controls: Sendable {
    let contest: Contest
    let costs: AnswerCosts
    /// What random heads may cost in each view, the same as for the search.
    let limits: [HeadLimits]
    /// Whether the user gave the head: then there was no search to compare with.
    let isGiven: Bool
    /// All that heads may read before anything is known of layers; `nil` where that is what the search
    /// reads.
    let everyLayer: (@Sendable () throws -> Ground)?
    /// Heads that the search began to train.
    let funnel: Int
    let key: RandomKey

    /// A bound for searches that cost far more than their heads.
    private static let mostRandomHeads = 1000

    private var configuration: SelectionConfiguration { contest.configuration }

    /// Mean pooling, a pair's four features, one hidden layer: what most people start with. A contestant,
    /// as linear heads are; nothing where a training diverges.
    func mlp() throws -> [Entry] {
        guard configuration.controls != .none else { return [] }
        let heads = try contest.trainings.spaces.spaces.map { space in
            try space.genotype(
                "projection(width=full) > \(space.pooledMeans) > "
                    + "classifier(norm=standard,hidden=128)")
        }
        return try contest.tried(heads.map { contest.entry(.mlp, $0) }, stageName: "MLP")
            .filter(\.isSound)
    }

    /// The models to compare with, and the heads that were trained for them.
    ///
    /// - Parameters:
    ///   - linear: linear heads, the best plain one first.
    ///   - mlp: multilayer perceptrons.
    ///   - others: linear heads and the like that may become members beside the search's heads; beside
    ///     random heads they may, too, so that a difference is one of the searched heads alone.
    ///   - budget: what the search's scoring and trainings took, in multiply-adds.
    ///   - step: makes portfolios.
    func run(
        linear: [Entry], mlp: [Entry], others: [Entry], budget: @autoclosure () -> Double,
        step: PortfolioStep
    ) throws -> (models: [SelectedModel], trained: [Entry]) {
        var models: [SelectedModel] = []
        // As people use them: one head, its probabilities as they are.
        for (role, entries) in [(Role.linear, linear), (.mlp, mlp)] {
            guard configuration.controls != .none || role == .linear else { continue }
            guard let place = role == .linear ? 0 : Entry.ranking(entries).first,
                entries.indices.contains(place)
            else { continue }
            let entry = entries[place]
            let alone =
                role == .linear
                ? try step.linear.refitted(entry)
                : entry.answering(Array(entry.replicas.prefix(1)))
            models.append(try SelectedModel(role, alone, isCalibrated: false))
        }
        guard configuration.controls == .full, !isGiven else { return (models, []) }
        if linear.count > 1 {
            models.append(try step.run(.linearPortfolio, linear, stageName: "linear portfolio"))
        }
        let ground =
            try everyLayer?()
            ?? Ground(
                trainings: contest.trainings, costs: costs, limits: limits, test: contest.test)
        var randomStep = step
        // Another key: a mix of all layers has the same text as one of some.
        let randomContest = Contest(
            trainings: ground.trainings, configuration: configuration, test: ground.test,
            key: everyLayer == nil ? contest.key : contest.key.child("every layer"))
        randomStep.random = (randomContest, ground.costs)
        let random = try randomContestants(randomContest, ground, budget: budget())
        let (contestants, left) = try Funnel(contest: contest).run(
            draw(funnel, "random funnel", contest.trainings.spaces, limits),
            roles: (.funnelContestant, .funnelTried), stageName: "control: random funnel")
        if !(random + others).isEmpty {
            models.append(
                try randomStep.run(.random, random + others, stageName: "control: random search"))
        }
        models.append(
            try step.run(
                .randomFunnel, contestants + others, stageName: "control: random funnel"))
        return (models, random + contestants + left)
    }

    /// Random heads on any layer, trained in full until they have cost as much as the search: what one
    /// would do without this program. Multiply-adds are compared rather than seconds, so that the number of
    /// heads does not depend on what else the machine does.
    private func randomContestants(
        _ contest: Contest, _ ground: Ground, budget: Double
    ) throws -> [Entry] {
        let rows = contest.rowsOfTrials
        var spent = 0.0
        let heads = draw(
            Self.mostRandomHeads, "random control", contest.trainings.spaces, ground.limits
        ).prefix { genotype in
            spent += ground.costs.trainings(genotype, rows: rows)
            return spent <= budget
        }
        return try contest.tried(
            heads.map { contest.entry(.randomContestant, $0) },
            stageName: "control: random search"
        ).filter(\.isSound)
    }

    /// Different heads within the limits, drawn at random.
    private func draw(
        _ count: Int, _ label: String, _ spaces: SearchSpaces, _ limits: [HeadLimits]
    ) -> [Genotype] {
        var seen: Set<Genotype> = []
        var genotypes: [Genotype] = []
        var generator = key.child(label).generator()
        var attempts = 0
        while genotypes.count < count, attempts < 100 * count {
            attempts += 1
            let genotype = spaces.sample(using: &generator)
            guard spaces.allow(genotype, limits: limits) else { continue }
            if seen.insert(genotype).inserted { genotypes.append(genotype) }
        }
        return genotypes
    }
}
