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
        selection.members = contest.configuration.members
        selection.largestCost = contest.configuration.largestCost
        selection.viewCosts = (random?.costs ?? costs).views
        selection.together = contest.trainings.views[0].groups(ofFirst: contest.parts)
        let contestants = try able.map { entry in
            PortfolioSelection.Contestant(
                heldOut: try Predictions(pooling: entry.heldOut), criterion: contest.criterion,
                cost: ground(of: entry).costs.head(
                    entry.genotype, replicas: contest.replicas(of: entry)),
                view: contest.trainings.spaces.index(of: entry.genotype))
        }
        let portfolio = try selection.run(contestants)
        var model = SelectedModel(
            role, portfolio,
            of: try answering(able, portfolio.members.map(\.entry), "\(stageName), seeds"))
        model.costs = random?.costs
        return model
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
