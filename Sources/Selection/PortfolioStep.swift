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
        let (ready, second) = try answering(
            able, portfolio.members.map(\.entry), "\(stageName), seeds")
        var model = SelectedModel(
            role, portfolio, of: ready,
            averaging: try change(portfolio.members, able, ready, second))
        model.costs = random?.costs
        return model
    }

    /// What averaging the members' trainings changes in their temperature.
    /// - Parameters:
    ///   - tried: entries with the heads of their trials.
    ///   - ready: the same with all heads that answer.
    ///   - second: what another training of a member, which has not seen dev either, says of it, by its place.
    private func change(
        _ members: [Portfolio.Member], _ tried: [Entry], _ ready: [Entry],
        _ second: [Int: Predictions]
    ) throws -> Double {
        let isNumber = tried.first?.heldOut.first?.targets.kind == .number
        let trained = members.filter { !tried[$0.entry].recipe.isDeterministic }
        // A run that has to end may not have come to all of them.
        guard !isNumber, !trained.isEmpty, trained.allSatisfy({ second[$0.entry] != nil }) else {
            return 1
        }
        let first = members.map { tried[$0.entry].heldOut[0] }
        return try AveragingChange.factor(
            first: first, second: zip(members, first).map { second[$0.entry] ?? $1 },
            weights: members.map(\.weight), replicas: members.map { ready[$0.entry].replicas.count }
        )
    }

    /// Makes the members among some entries ready to answer, all side by side.
    /// - Returns: the entries, and what a further training of each trained member says of dev, by its place.
    private func answering(
        _ entries: [Entry], _ members: [Int], _ stageName: String
    ) throws -> (entries: [Entry], secondDev: [Int: Predictions]) {
        var result = entries
        var second: [Int: Predictions] = [:]
        let exact = members.filter { entries[$0].recipe.isDeterministic }
        if !exact.isEmpty {
            for (place, entry) in zip(exact, try linear.refitted(exact.map { entries[$0] })) {
                result[place] = entry
            }
        }
        let trained = members.filter { !entries[$0].recipe.isDeterministic }
        for isRandom in [false, true] {
            let places = trained.filter { (entries[$0].role == .randomContestant) == isRandom }
            guard let first = places.first else { continue }
            let ready = try ground(of: entries[first]).contest
                .members(places.map { entries[$0] }, stageName: stageName)
            for (place, member) in zip(places, ready) {
                result[place] = member.entry
                second[place] = member.secondDev
            }
        }
        return (result, second)
    }

    /// Where an entry was trained.
    private func ground(of entry: Entry) -> (contest: Contest, costs: AnswerCosts) {
        entry.role == .randomContestant ? random ?? (contest, costs) : (contest, costs)
    }
}
