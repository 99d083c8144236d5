import Selection

/// What a run with a time limit does next, by what was measured so far.
struct TimedSteps {
    private let rates: WorkRates
    /// `nil` where the encoder stays as it is.
    private let tuning: FineTuningCost?
    /// Seconds that a training of the encoder took, with what is done again beside it; `nil` before the first.
    private var tuningTook: Double?
    /// How the encoder was trained last; `nil` before that.
    private var tried: TimePlan.Tuning?
    /// Whether a fine-tuned model was tried, and the frozen one stays.
    private var isRejected = false
    /// The search that was carried out last, and what it took.
    private var search: (width: TimePlan.Width, took: Double)?

    init(_ rates: WorkRates, _ tuning: FineTuningCost?) {
        self.rates = rates
        self.tuning = tuning
    }

    /// What is to follow the first search, for the user; `nil` where nothing is planned.
    func outlook(after plan: TimePlan, in seconds: Double) -> String? {
        guard plan.tuning == nil, let reserved = tuning?.reserved(for: plan, in: seconds),
            reserved > 0
        else { return nil }
        return "then the encoder is trained, in about \(TimePlan.text(reserved))"
    }

    /// Seconds after the last training that other answers do not take.
    func answering(_ plan: TimePlan) -> Double {
        plan.tuning == nil ? 0 : tuning?.answering ?? 0
    }

    /// The widest search that leaves time for the encoder's training, where that fits at all.
    /// - Parameters:
    ///   - plan: of the answer so far.
    ///   - scored: heads that are scored already: no fewer are wanted.
    ///   - isTuned: whether a fine-tuned model answers, of an earlier process.
    ///   - seconds: what is left for both.
    /// - Returns: `nil` where a fine-tuned answer stays anyway, as there is no time for another one.
    func first(
        after plan: TimePlan, scored: Int, isTuned: Bool = false, in seconds: Double
    ) -> TimePlan? {
        let reserved = tuning?.reserved(for: plan, in: seconds) ?? 0
        if isTuned, reserved == 0 { return nil }
        let width = rates.widest(in: seconds - reserved) ?? TimePlan.widths[0]
        var first = plan
        if reserved == 0 { first.tuning = nil }
        first.width =
            width.candidates >= scored
            ? width
            : TimePlan.widths.first { $0.candidates >= scored } ?? TimePlan.widths.last
        return first
    }

    /// The next step; `nil` where none fits.
    /// - Parameters:
    ///   - plan: what was carried out last.
    ///   - took: its seconds.
    ///   - isTuned: whether a fine-tuned model answers.
    ///   - seconds: what is left.
    mutating func next(
        after plan: TimePlan, took: Double, isTuned: Bool, in seconds: Double
    ) -> TimePlan? {
        guard let width = plan.width else { return nil }
        var next = plan
        if search?.width == width {
            (tuningTook, tried) = (took, plan.tuning ?? tried)
            isRejected = !isTuned
        } else {
            search = (width, took)
        }
        if isRejected { next.tuning = nil }
        if let tuning, !isRejected {
            if let before = plan.tuning {
                if let more = another(after: before, tuning, in: seconds) {
                    next.tuning = more
                    return next
                }
            } else if let one = tuning.one(in: seconds) {
                next.tuning = one
                return next
            }
        }
        if let search,
            let wider = rates.wider(
                than: width, took: search.took, in: seconds - answering(next))
        {
            next.width = wider
            return next
        }
        // The best of several seeds, or their mean, may answer where the first did not: by a row of dev, often.
        guard let tuning, let tried, isRejected,
            let more = another(after: tried, tuning, in: seconds)
        else { return nil }
        next.tuning = more
        return next
    }

    /// One more training of the encoder, where it fits and more help.
    private func another(
        after before: TimePlan.Tuning, _ tuning: FineTuningCost, in seconds: Double
    ) -> TimePlan.Tuning? {
        var more = before
        more.seeds += 1
        let one = TimePlan.Tuning(seeds: 1, epochs: before.epochs)
        let needed = tuningTook ?? tuning.seconds(one)
        return more.seeds <= FineTuningCost.mostSeeds && needed < seconds ? more : nil
    }

    /// What more time would be spent on, for the user; `nil` where there is nothing.
    func more(after plan: TimePlan) -> String? {
        if let tuning, !isRejected, plan.tuning == nil, plan.width != nil {
            let seconds = tuning.seconds(TimePlan.Tuning(seeds: 1))
            return "the encoder is trained, in \(TimePlan.text(seconds)) more"
        }
        return TimePlan.widths.first { $0.candidates > plan.width?.candidates ?? 0 }.map {
            "\($0.candidates) heads scored, \($0.keep) trained to the end"
        }
    }
}

extension TimePlan: CustomStringConvertible {
    /// What it does, for the user.
    public var description: String {
        let search = width.map {
            "\($0.candidates) heads are scored, \($0.funnel) begin to be trained, \($0.keep) are trained to the end"
        }
        let tuning = tuning.map {
            "a linear head is trained with the encoder"
                + ($0.epochs.map { " for \($0) \($0 == 1 ? "epoch" : "epochs")" } ?? "")
                + ($0.seeds > 1 ? " by \($0.seeds) seeds" : "")
        }
        let steps = [search, tuning].compactMap { $0 }
        return steps.isEmpty ? "linear heads" : steps.joined(separator: "; ")
    }
}
