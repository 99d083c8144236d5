import Foundation
import Results
import RunStore
import Search
import Selection
import Support
import Tasks

/// Runs with a time limit: first an answer of linear heads, then the widest search that fits, as far as the
/// first work of the run itself can tell; then, where there is time, the encoder's training.
extension Pipeline {
    /// With fewer seconds than this, contestants are compared on fewer held-out rows.
    private static let shortLimit = 150.0
    private static let fewHeldOutRows = 500
    /// Heads that rates are measured on.
    private static let measuredHeads = 8
    /// Of what is left for scoring and training, this much is planned: machines have other things to do.
    private static let caution = 0.8
    /// The same once a search has shown how good the estimate is.
    private static let knownCaution = 0.9

    /// Makes the best model that the limit allows.
    /// - Parameter limit: seconds for everything, from now.
    /// - Throws: as ``run()``; what was finished is kept.
    func run(within limit: Double) throws -> RunResult {
        let deadline = Deadline(after: limit)
        let watch = Stopwatch(threads: configuration.threads)
        let directory = try RunDirectory(configuration.run)
        let isResumed = configuration.mode == .resume && RunStore.exists(configuration.run)
        let known = isResumed ? try TimePlan.load(configuration.run) : nil
        let (timed, prepared, early) = try readingInTime(
            deadline, as: known, isResumed: isResumed, watch)
        let (pipeline, open) = try timed.opened(watch, directory, prepared, early: early)
        defer { open.session.close() }
        let earlier = isResumed ? directory.result().flatMap { allows($0) ? $0 : nil } : nil
        // What the answer so far was made by.
        let plan =
            known
            ?? TimePlan(
                rows: timed.configuration.input.rows,
                pairings: timed.configuration.input.pairings == configuration.input.pairings
                    ? nil : timed.configuration.input.pairings,
                heldOutRows: timed.configuration.selection.heldOutRows, width: nil)
        var clock = TimedRun(
            plan: plan, isWhole: false, reserve: Self.reserve(limit), deadline: deadline)
        var result: RunResult
        if let earlier {
            result = earlier
        } else {
            result = try pipeline.linearAnswer(open, until: clock.end)
            // The first answer tells what the last step takes.
            clock.reserve = Self.reserve(limit, watch.cost.stages["evaluation"] ?? 0)
        }
        result = try pipeline.search(open, after: result, isEarlier: earlier != nil, &clock)
        return try pipeline.end(result, clock, open)
    }

    /// Whether an answer of an earlier process may stay, by what is asked for now.
    func allows(_ earlier: RunResult) -> Bool {
        let (model, selection) = (earlier.exported, configuration.selection)
        return selection.affords(model.costFactor)
            && model.members.count <= (selection.exportsSingle ? 1 : selection.members)
            && !(configuration.freezesEncoder && model.role.isFineTuned)
    }

    /// How far a run with a time limit has come.
    private struct TimedRun {
        /// What the answer so far was made by.
        var plan: TimePlan
        /// Whether the plan that gave the answer was carried out to its end.
        var isWhole: Bool
        /// Seconds for the last step, from trained heads to files.
        var reserve: Double
        let deadline: Deadline
        /// What more time would be spent on.
        var more: String?

        /// When that step has to begin.
        var end: Deadline { deadline.earlier(by: reserve) }
    }

    /// What goes on with a run that had a time limit: on the same rows, and, where it is to end with what
    /// there is, as it was planned.
    func resumingPlan() throws -> Pipeline {
        guard configuration.mode == .resume, let plan = try TimePlan.load(configuration.run)
        else { return self }
        var result = self
        for split in Split.allCases where configuration.input.rows[split] == nil {
            result.configuration.input.rows[split] = plan.rows[split]
        }
        result.configuration.input.pairings = plan.pairings ?? configuration.input.pairings
        // The encoder's training is no part of what the run is known by.
        if configuration.finishes { result.configuration.search(as: plan) }
        return result
    }

    /// A run that is to end, with the training of the encoder that a time limit had planned: what that had reached
    /// may answer.
    func tuningAsPlanned() throws -> Pipeline {
        guard configuration.finishes, configuration.fineTuning == nil,
            let plan = try TimePlan.load(configuration.run)
        else { return self }
        var result = self
        result.configuration.apply(plan)
        return result
    }

    /// Seconds for the last step.
    /// - Parameter evaluation: what it took for linear heads.
    private static func reserve(_ limit: Double, _ evaluation: Double = 0) -> Double {
        min(0.25 * limit, 2 + 0.03 * limit + 2 * evaluation)
    }

    // MARK: Steps

    /// Opens everything, and leaves out rows whose features cannot be made in time.
    /// - Returns: also the rows for a model before all are read, where that takes long.
    private func readingInTime(
        _ deadline: Deadline, as known: TimePlan?, isResumed: Bool, _ watch: Stopwatch
    ) throws -> (Pipeline, Preparation, RowLimits?) {
        var timed = self
        if isResumed {
            timed.configuration.input.rows = known?.rows ?? configuration.input.rows
            timed.configuration.input.pairings = known?.pairings ?? configuration.input.pairings
            timed.configuration.selection.heldOutRows =
                known?.heldOutRows ?? configuration.selection.heldOutRows
            return (timed, try timed.prepared(watch), nil)
        }
        let own = try prepared(watch)
        var rows = try watch.time("encoder") { try RowPlan(own) }
        if deadline.remaining > Self.shortLimit,
            let both = try watch.time(
                "encoder", { try readingBothWays(rows, in: deadline.remaining) })
        {
            timed.configuration.input.pairings = .both
            rows = both
            note("there is time to read pairs in both ways: separately, and in one sequence")
        }
        let limits = rows.limits(in: deadline.remaining)
        for text in rows.notes(limits) { note(text) }
        timed.configuration.input.rows = limits
        if deadline.remaining < Self.shortLimit {
            timed.configuration.selection.heldOutRows = min(
                Self.fewHeldOutRows, configuration.selection.heldOutRows)
        }
        return (timed, try rows.prepared.limited(to: limits), rows.early(of: limits))
    }

    /// The first answer: linear heads alone.
    private func linearAnswer(_ open: OpenRun, until end: Deadline) throws -> RunResult {
        let result = try attempt(configuration.withLinearHeads, on: open, until: end).result
        note(
            String(format: "first answer after %.0f s: ", open.watch.cost.wallSeconds)
                + "linear heads, held-out \(result.headline(result.exported.heldOut))")
        return result
    }

    /// How long searches take here.
    private func rates(_ open: OpenRun) throws -> WorkRates {
        let search = try candidateSearch(open.prepared, open.splits.train, open.layers)
        let clock = Stopwatch()
        let scored = try open.session.search(
            search.limited(to: Self.measuredHeads), in: open.prepared.spaces, isClosed: false,
            progress: progress)
        let perHead = max(1e-3, clock.cost.wallSeconds / Double(scored.count))
        let estimate = try WorkEstimate(
            measuring: scored.map(\.genotype),
            trainings(open.prepared, open.splits.train, open.splits.dev, .none),
            configuration.selection, key: key.child("rates"))
        return WorkRates(
            perHead: perHead, estimate: estimate, testRows: open.splits.test[0].count,
            // Controls that do the search's work again take as long as the search, each.
            times: configuration.selection.controls == .full ? 3 : 1)
    }

    /// Searches as widely as the time allows, then trains the encoder, then goes on with what fits: other seeds of that
    /// where it answers, wider searches. Trainings are kept, nothing is done twice.
    /// - Parameter isEarlier: whether the answer so far is of an earlier process.
    private func search(
        _ open: OpenRun, after first: RunResult, isEarlier: Bool, _ clock: inout TimedRun
    ) throws -> RunResult {
        var result = first
        guard clock.end.remaining > 0,
            open.prepared.dataset.fewRows?.isEnoughToTrain ?? true
        else { return result }
        let rates = try rates(open)
        var steps = TimedSteps(rates, try FineTuningCost(open, configuration))
        // More time never makes a search narrower.
        let before = max(
            clock.plan.width?.candidates ?? 0, isEarlier ? first.search.candidates : 0)
        let left = Self.caution * clock.end.remaining
        var next = steps.first(
            after: clock.plan, scored: before,
            isTuned: isEarlier && first.exported.role.isFineTuned, in: left)
        if next == nil { note("no time to train the encoder again: the answer so far stays") }
        if let outlook = steps.outlook(after: clock.plan, in: left) { note("planned: " + outlook) }
        while let plan = next, clock.end.remaining > 0 {
            note("plan: " + plan.description)
            try open.session.keep(plan)
            let before = clock.end.remaining
            let found = try attempt(
                planned(plan), on: open, earlier: result,
                until: clock.end.earlier(by: steps.answering(plan)))
            if found.result.curve != result.curve {
                (clock.plan, clock.isWhole) = (plan, found.isWhole)
            }
            result = found.result
            next = steps.next(
                after: plan, took: before - clock.end.remaining,
                isTuned: result.exported.role.isFineTuned,
                in: Self.knownCaution * clock.end.remaining)
        }
        clock.more = steps.more(after: clock.plan)
        return result
    }

    /// What carries a plan out.
    func planned(_ plan: TimePlan) -> RunConfiguration {
        var planned = configuration
        planned.apply(plan)
        planned.command = configuration.command.map {
            $0 + " " + plan.arguments.joined(separator: " ")
        }
        return planned
    }

    /// Works by a configuration; where the time is up before its end, ends with what there is.
    func attempt(
        _ configuration: RunConfiguration, on open: OpenRun, earlier: RunResult? = nil,
        until end: Deadline
    ) throws -> (result: RunResult, isWhole: Bool) {
        let outer = progress
        let timed = Pipeline(
            configuration, progress: { end.isPast ? .stop : outer?($0) ?? .more }, note: note)
        do {
            return (try timed.run(on: open, earlier: earlier), true)
        } catch is Interrupted where end.isPast {
            if let earlier, configuration.fineTuning != nil { return (stays(earlier), false) }
            note("the time is up: what is trained so far answers")
            var finishing = configuration
            finishing.finishes = true
            do {
                let result = try Pipeline(finishing, progress: outer, note: note)
                    .run(on: open, earlier: earlier)
                return (result, false)
            } catch RunError.nothingFinished {
                guard let earlier else { throw RunError.nothingFinished }
                return (stays(earlier), false)
            }
        }
    }

    private func stays(_ earlier: RunResult) -> RunResult {
        note("the time is up: the answer so far stays")
        return earlier
    }

    /// What more time would be spent on, and what the time so far lets one expect of it.
    /// - Parameter more: what the next step would be; `nil` where there is none.
    static func outlook(_ curve: [RunResult.Moment], more: String?) -> [String] {
        // Of numbers there is no accuracy.
        let isShare = curve.allSatisfy { $0.heldOutAccuracy != nil }
        let way = curve.map { moment in
            (isShare ? moment.heldOutAccuracy?.percentage : nil)
                ?? String(format: "%.4f", moment.heldOutCrossEntropy)
        }
        .enumerated().map { $1 + String(format: " after %.0f s", curve[$0].seconds) }
        return [
            curve.count > 1
                ? "held-out \(isShare ? "accuracy" : "error"): " + way.joined(separator: ", ")
                : nil,
            more.map { "with more time (--resume --time-limit): " + $0 },
        ].compactMap { $0 }
    }

    /// Says what more time would be for, and closes the run.
    private func end(
        _ result: RunResult, _ clock: TimedRun, _ open: OpenRun
    ) throws -> RunResult {
        let plan = clock.plan
        try open.session.keep(plan)
        if plan.width == nil {
            note("no search fits into the limit: linear heads answer")
        } else if clock.isWhole {
            let command = configuration.command.map { $0 + " " } ?? ""
            note("the same without a limit: " + command + plan.arguments.joined(separator: " "))
        }
        note(String(format: "ended after %.0f s", open.watch.cost.wallSeconds))
        for text in Self.outlook(result.curve ?? [], more: clock.more) { note(text) }
        FineTuneStage.removeCheckpoints(inRun: configuration.run)
        try open.session.complete()
        return result
    }
}
