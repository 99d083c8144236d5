import Metrics
import Support

/// What answers where encoder layers were fine-tuned: the portfolio on the frozen encoder, the fine-tuned head,
/// or both together, which takes a second pass of the encoder and has to be worth it.
struct TunedAnswer {
    /// The portfolio on the frozen encoder.
    let frozen: SelectedModel
    /// The fine-tuned head that does best on dev.
    let tuned: SelectedModel
    let configuration: SelectionConfiguration
    /// ``FineTuneOptions/leastGain``.
    let leastGain: Double
    let costs: AnswerCosts
    /// The group of each row of dev.
    let together: [Int]
    let key: RandomKey
    let note: @Sendable (String) -> Void

    private struct Candidate {
        let model: SelectedModel
        /// On rows of dev that its temperature, and share, have not seen.
        let score: SelectionScore
        let cost: Double
    }

    /// Chooses.
    ///
    /// Of the two the one that does better on dev is exported, as everywhere the metric that decides counts
    /// first; both together are, where their cross entropy is lower than that of either by more than ``leastGain``
    /// and --max-cost allows. All are judged on rows that their share and temperature have not seen.
    ///
    /// - Throws: `MetricsError`.
    func choose() throws -> SelectedModel {
        let criterion = configuration.training.criterion
        let dev = [try onDev(frozen.members), try onDev(tuned.members)]
        guard let experts = ExpertMixture(dev[0], dev[1], together: together, key: key) else {
            return tuned
        }
        let heldOut = try dev.map { try experts.heldOut(of: $0) }
        var tuned = tuned
        tuned.heldOut = heldOut[1]
        tuned.frozenHeldOut = heldOut[0]
        var candidates = zip([frozen, tuned], heldOut).map { model, answers in
            Candidate(
                model: model, score: criterion.score(answers), cost: costs.factor(of: model))
        }
        let best = candidates.map(\.score).ranking[0]
        var both = try mixture(dev[1])
        both?.frozenHeldOut = heldOut[0]
        if let both {
            candidates.append(
                Candidate(
                    model: both, score: criterion.score(both.heldOut!),
                    cost: costs.factor(of: both)))
        }
        note("on dev: " + candidates.map { describe($0, criterion) }.joined(separator: "; "))
        let least = candidates.prefix(2).map(\.score.crossEntropy).min() ?? 0
        let gain = both == nil ? -.infinity : least - candidates[2].score.crossEntropy
        let isWorthwhile = gain > leastGain
        if isWorthwhile, configuration.affords(candidates[2].cost) {
            return say(candidates[2], "its cross entropy is \(decimals(gain)) lower")
        }
        let other = candidates[1 - best]
        // Where neither is within the limit, the one that costs less.
        let chosen =
            configuration.affords(candidates[best].cost)
                || !configuration.affords(other.cost) && candidates[best].cost <= other.cost
            ? candidates[best] : other
        let price = isWorthwhile ? candidates[2] : candidates[best]
        let reason =
            isWorthwhile || chosen.model.role != candidates[best].model.role
            ? "the \(price.model.role.title) would cost "
                + String(format: "%.2fx", price.cost) + ", more than --max-cost allows"
            : both == nil
                ? "it does better"
                : "it does better, and a second pass of the encoder is not worth it"
        return say(chosen, reason)
    }

    private func say(_ chosen: Candidate, _ reason: String) -> SelectedModel {
        note("the \(chosen.model.role.title) answers: \(reason)")
        return chosen.model
    }

    /// Both together; `nil` where one head is to answer, or the rows cannot be split.
    private func mixture(_ tunedOnDev: Predictions) throws -> SelectedModel? {
        guard !configuration.exportsSingle, configuration.members > 1 else { return nil }
        // One place is the fine-tuned head's. What would cost too much gives way, from the lowest weight.
        let most = frozen.members.prefix(configuration.members - 1)
        let count = stride(from: most.count, through: 1, by: -1).first { count in
            let heads = Array(most.prefix(count)) + tuned.members
            return configuration.affords(costs.factor(of: heads.map(\.entry)))
        }
        let kept = most.prefix(count ?? most.count)
        let sum = kept.reduce(0) { $0 + $1.weight }
        let members = kept.map {
            SelectedModel.Member(entry: $0.entry, weight: $0.weight / sum)
        }
        guard
            let experts = ExpertMixture(
                try onDev(members), tunedOnDev, together: together, key: key)
        else { return nil }
        let choice = try experts.choose(rows: nil)
        let all =
            members.map {
                SelectedModel.Member(entry: $0.entry, weight: $0.weight * (1 - choice.share))
            }
            + tuned.members.map {
                SelectedModel.Member(entry: $0.entry, weight: $0.weight * choice.share)
            }
        return SelectedModel(
            .fineTunedPortfolio, all, temperature: choice.temperature,
            heldOut: try experts.heldOut())
    }

    /// What heads that have not seen dev say of it together.
    private func onDev(_ members: [SelectedModel.Member]) throws -> Predictions {
        try Predictions(
            mixing: members.map { $0.entry.heldOut[0] }, weights: members.map(\.weight))
    }

    private func describe(_ candidate: Candidate, _ criterion: SelectionCriterion) -> String {
        let value =
            criterion.metric == .accuracy
            ? candidate.score.value.percentage
            : "\(criterion.metric.title) \(decimals(candidate.score.value))"
        return "\(candidate.model.role.title) \(value), cross entropy "
            + decimals(candidate.score.crossEntropy)
    }

    private func decimals(_ value: Double) -> String { String(format: "%.3f", value) }
}
