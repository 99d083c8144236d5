import Heads
import Metrics
import Support

/// From contestants to a portfolio whose members are ready to answer: the same for the search and for
/// its controls.
struct PortfolioStep: Sendable {
    let contest: Contest
    /// Fits exact heads to all rows.
    let linear: LinearHeads
    let costs: AnswerCosts
    let key: RandomKey
    /// Where random heads were trained, if they may read other layers than the search's.
    var random: (contest: Contest, costs: AnswerCosts)?

    /// - Parameters:
    ///   - role: what the portfolio is.
    ///   - entries: what it is chosen from; those that were not tried on every part cannot be compared.
    ///   - stageName: what progress of further seeds is reported under.
    /// - Returns: the portfolio, each member with the heads that answer.
    func run(_ role: Role, _ entries: [Entry], stageName: String) throws -> SelectedModel {
        let able = entries.filter { $0.isSound && $0.trials.count == contest.parts }
        var selection = PortfolioSelection(key: key)
        selection.isCautious = contest.fewRows != nil
        selection.members = contest.configuration.members
        selection.largestCost = contest.configuration.largestCost
        selection.viewCosts = (random?.costs ?? costs).views
        selection.together = contest.trainings.views[0].groups(ofFirst: contest.parts)
        let contestants = try able.map { entry in
            PortfolioSelection.Contestant(
                heldOut: try Predictions(pooling: entry.heldOut), criterion: contest.criterion,
                cost: ground(of: entry).costs.head(
                    entry.genotype, replicas: contest.replicas(of: entry)),
                view: contest.trainings.spaces.index(of: entry.genotype),
                isExact: entry.recipe.isDeterministic)
        }
        let portfolio = try selection.run(contestants)
        let ready = try answering(able, portfolio.members.map(\.entry), "\(stageName), seeds")
        var model = SelectedModel(
            role, portfolio, of: ready,
            averaging: try change(portfolio.members, able, ready, "\(stageName), calibration"))
        model.costs = random?.costs
        return model
    }

    /// What averaging the members' trainings changes in their temperature.
    /// - Parameters:
    ///   - tried: entries with the heads of their trials.
    ///   - ready: the same with all heads that answer.
    private func change(
        _ members: [Portfolio.Member], _ tried: [Entry], _ ready: [Entry], _ stageName: String
    ) throws -> Double {
        let isNumber = tried.first?.heldOut.first?.targets.kind == .number
        let trained = isNumber ? [] : members.filter { ready[$0.entry].replicas.count > 1 }
        var second: [Int: Predictions] = [:]
        for isRandom in [false, true] {
            let own = trained.filter {
                (tried[$0.entry].role == .randomContestant) == isRandom
            }
            guard let any = own.first else { continue }
            let contest = ground(of: tried[any.entry]).contest
            let outcomes = try contest.trainings.outcomes(
                own.map { contest.job(tried[$0.entry], part: 0, seed: 1) }, contest.key,
                stageName: stageName)
            for (member, outcome) in zip(own, outcomes) {
                // A run that has to end, or a training that diverged.
                guard let outcome else { return 1 }
                second[member.entry] = outcome.dev
            }
        }
        guard !second.isEmpty else { return 1 }
        let first = members.map { tried[$0.entry].heldOut[0] }
        return try AveragingChange.factor(
            first: first, second: zip(members, first).map { second[$0.entry] ?? $1 },
            weights: members.map(\.weight), replicas: members.map { ready[$0.entry].replicas.count }
        )
    }

    /// Makes the members among some entries ready to answer, all side by side.
    private func answering(
        _ entries: [Entry], _ members: [Int], _ stageName: String
    ) throws -> [Entry] {
        var result = entries
        func set(_ places: [Int], _ ready: ([Entry]) throws -> [Entry]) throws {
            guard !places.isEmpty else { return }
            for (place, entry) in zip(places, try ready(places.map { entries[$0] })) {
                result[place] = entry
            }
        }
        try set(members.filter { entries[$0].recipe.isDeterministic }) { try linear.refitted($0) }
        let trained = members.filter { !entries[$0].recipe.isDeterministic }
        for isRandom in [false, true] {
            let own = trained.filter { (entries[$0].role == .randomContestant) == isRandom }
            try set(own) { entries in
                try ground(of: entries[0]).contest.members(entries, stageName: stageName)
            }
        }
        return result
    }

    /// Where an entry was trained.
    private func ground(of entry: Entry) -> (contest: Contest, costs: AnswerCosts) {
        entry.role == .randomContestant ? random ?? (contest, costs) : (contest, costs)
    }
}
