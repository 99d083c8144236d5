import Features
import Foundation
import Heads
import Results
import RunStore
import Search
import Selection
import Support
import Tasks

/// Runs with a time limit: first an answer of linear heads, then the widest search that fits, as far as the
/// first work of the run itself can tell.
extension Pipeline {
    /// Of what is left when features are to be made, this much may go into them.
    private static let shareOfFeatures = 0.4
    /// Fewest training rows, where features of all would take too long.
    private static let fewestRows = 300
    /// With fewer seconds than this, contestants are compared on fewer held-out rows.
    private static let shortLimit = 150.0
    private static let fewHeldOutRows = 500
    /// Heads that rates are measured on.
    private static let measuredHeads = 8
    /// Of what is left for scoring and training, this much is planned: machines have other things to do.
    private static let caution = 0.75

    /// Makes the best model that the limit allows.
    /// - Parameter limit: seconds for everything, from now.
    /// - Throws: as ``run()``; what was finished is kept.
    func run(within limit: Double) throws -> RunResult {
        let deadline = Deadline(after: limit)
        let watch = Stopwatch()
        let directory = try RunDirectory(configuration.run)
        let isResumed = configuration.mode == .resume && RunStore.exists(configuration.run)
        let known = isResumed ? try TimePlan.load(configuration.run) : nil
        var timed = self
        timed.configuration.input.trainRows =
            isResumed ? known?.trainRows : try trainRows(deadline)
        timed.configuration.selection.heldOutRows =
            known?.heldOutRows
            ?? (limit < Self.shortLimit && !isResumed
                ? min(Self.fewHeldOutRows, configuration.selection.heldOutRows)
                : configuration.selection.heldOutRows)
        let (pipeline, open) = try timed.opened(watch, directory)
        defer { open.session.close() }
        let earlier =
            isResumed
            ? try? RunResult.load(configuration.run.appendingPathComponent("result.json")) : nil
        let first = try earlier ?? pipeline.linearAnswer(open)
        let reserve = Self.reserve(limit, watch.cost.stages["evaluation"] ?? 0)
        let end = deadline.earlier(by: reserve)
        let rates = try pipeline.rates(open)
        // What the answer so far was made by.
        var plan =
            known
            ?? TimePlan(
                trainRows: timed.configuration.input.trainRows,
                heldOutRows: timed.configuration.selection.heldOutRows, width: nil)
        var isWhole = false
        var result = first
        var next = rates.widest(in: Self.caution * end.remaining) ?? TimePlan.widths.first
        // More time never makes a search narrower.
        let before = max(known?.width?.candidates ?? 0, earlier?.search.candidates ?? 0)
        if before > next?.candidates ?? 0 {
            next = TimePlan.widths.first { $0.candidates >= before } ?? TimePlan.widths.last
        }
        // What was cautious at first leaves time for more: trainings are kept, nothing is done twice.
        while let width = next, end.remaining > 0 {
            var wider = plan
            wider.width = width
            note(
                "plan: \(width.candidates) heads are scored, \(width.funnel) begin to be trained, "
                    + "\(width.keep) are trained to the end")
            try open.session.keep(wider)
            let before = end.remaining
            let found = try pipeline.run(wider, on: open, earlier: result, until: end)
            if found.result.curve != result.curve {
                (plan, isWhole) = (wider, found.isWhole)
            }
            result = found.result
            let ratio = (before - end.remaining) / max(1e-3, rates.seconds(width))
            next = TimePlan.widths.first { $0.candidates > width.candidates }.flatMap { next in
                ratio * (rates.seconds(next) - 0.5 * rates.seconds(width))
                    < Self.caution * end.remaining ? next : nil
            }
        }
        return try pipeline.end(result, plan, isWhole: isWhole, open)
    }

    /// What goes on with a run that had a time limit: on the same rows, and, where it is to end with what
    /// there is, as it was planned.
    func resumingPlan() throws -> Pipeline {
        guard configuration.mode == .resume, let plan = try TimePlan.load(configuration.run)
        else { return self }
        var result = self
        result.configuration.input.trainRows = configuration.input.trainRows ?? plan.trainRows
        if configuration.finishes { result.configuration.apply(plan) }
        return result
    }

    /// Seconds for the last step, from trained heads to files.
    private static func reserve(_ limit: Double, _ evaluation: Double) -> Double {
        min(0.25 * limit, 2 + 0.03 * limit + 2 * evaluation)
    }

    // MARK: Steps

    /// Training rows whose features can be made in time; `nil` for all.
    private func trainRows(_ deadline: Deadline) throws -> Int? {
        let prepared = try Preparation(
            configuration.input, configuration.space, threads: configuration.threads,
            progress: progress, note: { _ in })
        var seconds: [Split: Double] = [:]
        for view in prepared.views {
            let missing = try Split.allCases.map { ($0, try view.features.missingTokens($0)) }
            guard missing.contains(where: { $0.1 > 0 }) else { continue }
            let rate = try view.features.tokensPerSecond()
            for (split, tokens) in missing {
                seconds[split, default: 0] += Double(tokens) / rate
            }
        }
        let allowed = Self.shareOfFeatures * deadline.remaining
        let train = seconds[.train] ?? 0
        let others = seconds.values.reduce(0, +) - train
        if others > allowed {
            note(
                "warning: the encoder needs about \(Int(others)) s for dev and test alone: the limit "
                    + "may not be kept")
        }
        let rows = prepared.dataset.train.count
        guard train + others > allowed, train > 0 else { return configuration.input.trainRows }
        let share = max(0, allowed - others) / train
        let wanted = max(
            Self.fewestRows, 2 * prepared.dataset.labels.count, Int(share * Double(rows)))
        guard wanted < rows else { return configuration.input.trainRows }
        note("\(wanted) of \(rows) training rows are read: features of all would take too long")
        return wanted
    }

    /// The first answer: linear heads alone.
    private func linearAnswer(_ open: OpenRun) throws -> RunResult {
        var linear = self
        linear.configuration.search.candidates = 0
        linear.configuration.selection.controls = .none
        linear.configuration.selection.fitsLinearHeads = true
        let result = try linear.run(on: open)
        note(
            String(format: "first answer after %.0f s: ", open.watch.cost.wallSeconds)
                + "linear heads, held-out accuracy "
                + (result.exported.heldOut?.accuracy.percentage ?? "unknown"))
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

    /// Searches by a plan; where the time is up before its end, ends with what there is.
    private func run(
        _ plan: TimePlan, on open: OpenRun, earlier: RunResult, until deadline: Deadline
    ) throws -> (result: RunResult, isWhole: Bool) {
        var configuration = configuration
        configuration.apply(plan)
        configuration.command = configuration.command.map {
            $0 + " " + plan.arguments.joined(separator: " ")
        }
        let outer = progress
        let timed = Pipeline(
            configuration,
            progress: { deadline.isPast ? .stop : outer?($0) ?? .more }, note: note)
        do {
            return (try timed.run(on: open, earlier: earlier), true)
        } catch is Interrupted where deadline.isPast {
            note("the time is up: what is trained so far answers")
            configuration.finishes = true
            let result = try Pipeline(configuration, progress: outer, note: note)
                .run(on: open, earlier: earlier)
            return (result, false)
        }
    }

    /// Says what more time would be for, and closes the run.
    /// - Parameter isWhole: whether the plan that gave the answer was carried out to its end.
    private func end(
        _ result: RunResult, _ plan: TimePlan, isWhole: Bool, _ open: OpenRun
    ) throws -> RunResult {
        try open.session.keep(plan)
        if plan.width == nil {
            note("no search fits into the limit: linear heads answer")
        } else if isWhole {
            let command = configuration.command.map { $0 + " " } ?? ""
            note("the same without a limit: " + command + plan.arguments.joined(separator: " "))
        }
        let next = TimePlan.widths.first { $0.candidates > plan.width?.candidates ?? 0 }
        if let next {
            note(
                "with more time (--resume --time-limit): \(next.candidates) heads scored, "
                    + "\(next.keep) trained to the end")
        }
        try open.session.complete()
        return result
    }
}

/// Seconds that searches take, by what was measured.
private struct WorkRates {
    /// Of scoring a head.
    let perHead: Double
    let estimate: WorkEstimate
    let testRows: Int
    /// How many searches the controls make of one.
    let times: Double

    func seconds(_ width: TimePlan.Width) -> Double {
        perHead * Double(width.candidates)
            + times
            * estimate.seconds(
                funnel: width.funnel, keep: width.keep, seeds: width.seeds, testRows: testRows)
    }

    /// The widest search that takes no longer; `nil` where none does.
    func widest(in seconds: Double) -> TimePlan.Width? {
        TimePlan.widths.last { self.seconds($0) <= seconds }
    }
}
