import Export
import Foundation
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing
import Training

@testable import KNAS

@Suite("Runs with a time limit")
struct TimeLimitTests {
    private func bytes(_ run: URL) throws -> [Data] {
        try ["leaderboard.csv", "model/config.json", "model/head.safetensors"].map {
            try Data(contentsOf: run.appendingPathComponent($0))
        }
    }

    @Test("the plan is shown as options, and gives the same bytes without a limit")
    func plan() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = workspace.configuration("timed")
        configuration.timeLimit = 30
        configuration.command = "knas search toy"
        let notes = Notes()
        // Long enough for a narrow search, which tiny heads on a tiny encoder make in a second.
        let result = try Pipeline(configuration, note: { notes.add($0) }).run(within: 2)
        let plan = try #require(try TimePlan.load(configuration.run))
        // A machine that is busy may have no time for a search.
        guard let width = plan.width else { return }
        #expect(plan.rows == RowLimits() && plan.heldOutRows == 500)
        let shown =
            "the same without a limit: knas search toy "
            + plan.arguments.joined(separator: " ")

        let curve = try #require(result.curve)
        #expect(curve.count >= 1)
        #expect(curve.map(\.seconds) == curve.map(\.seconds).sorted())
        let losses = curve.map(\.heldOutCrossEntropy)
        #expect(losses == losses.sorted(by: >))
        #expect(try ModelDirectory.load(configuration.model).configuration.labels.count == 2)
        guard result.search.candidates == width.candidates,
            !notes.all.contains(where: { $0.hasPrefix("the time is up") }), curve.count > 1
        else { return }  // A machine that was busy ended early.
        #expect(notes.all.contains(shown))
        var plain = workspace.configuration("plain")
        plain.apply(plan)
        _ = try Pipeline(plain).run()
        #expect(try bytes(configuration.run) == bytes(plain.run))
    }

    @Test("the encoder is trained seed by seed, and the options that are shown do the same")
    func tuned() throws {
        let workspace = try Workspace(pairs: false, train: 160)
        defer { workspace.remove() }
        func configuration(_ name: String) -> RunConfiguration {
            var result = workspace.configuration(name)
            // What is trained for an epoch alone is worse than a linear head with the encoder.
            result.selection.epochs = 1
            result.selection.fitsLinearHeads = false
            return result
        }
        var timed = configuration("timed")
        timed.timeLimit = 30
        let (pipeline, open) = try Pipeline(timed).opened(Stopwatch(), RunDirectory(timed.run))
        let (far, past) = (Deadline(after: 3600), Deadline(after: 0))
        var plan = TimePlan(rows: RowLimits(), heldOutRows: 60, width: TimePlan.Width(4, 2, 1))
        let frozen = try pipeline.attempt(pipeline.planned(plan), on: open, until: far).result
        #expect(frozen.exported.frozenHeldOut == nil)
        plan.tuning = TimePlan.Tuning(seeds: 1)
        // Where the time is up meanwhile, the answer stays as it was.
        let late = try pipeline.attempt(
            pipeline.planned(plan), on: open, earlier: frozen, until: past)
        #expect(!late.isWhole && late.result.exported.role == frozen.exported.role)
        let tuned = try pipeline.attempt(
            pipeline.planned(plan), on: open, earlier: frozen, until: far
        ).result
        #expect(tuned.exported.role.isFineTuned && tuned.exported.heldOut?.count == 40)
        // It is judged on dev alone: what it is ahead by there counts, beside what was known on all held-out rows.
        let beside = try #require(tuned.exported.frozenHeldOut)
        let curve = try #require(tuned.curve)
        #expect(beside.count == 40 && frozen.exported.heldOut?.count ?? 0 > 40)
        let gain = try #require(tuned.exported.heldOut).crossEntropy - beside.crossEntropy
        #expect(gain < 0)
        #expect(
            abs(curve[1].heldOutCrossEntropy - curve[0].heldOutCrossEntropy - gain) < 1e-12)
        #expect(!frozen.isBetter(than: tuned) && tuned.isBetter(than: frozen))
        // The next seed finds the first one trained.
        #expect(FineTuneCheckpoint.find(inRun: timed.run).count == 1)
        plan.tuning = TimePlan.Tuning(seeds: 2)
        try open.session.keep(plan)
        var second = pipeline.planned(plan)
        second.timeLimit = nil
        let both = try pipeline.attempt(second, on: open, until: far).result
        #expect(both.exported.members.contains { $0.chosenFrom == 2 })
        try open.session.complete()
        #expect(FineTuneCheckpoint.find(inRun: timed.run).isEmpty)

        #expect(
            plan.arguments.suffix(5)
                == ["--unfreeze", "all", "--no-finetune-searched", "--finetune-seeds", "2"])
        var plain = configuration("plain")
        plain.apply(plan)
        _ = try Pipeline(plain).run()
        #expect(try bytes(timed.run) == bytes(plain.run))
        // A run that is to end trains nothing, and keeps an answer that it could not have given.
        timed.mode = .resume
        timed.finishes = true
        let finished = try Pipeline(timed).run()
        #expect(finished.exported.role == both.exported.role)
        // An answer of before stays only where it is one that is asked for.
        #expect(Pipeline(timed).allows(both))
        var cheap = timed
        cheap.selection.largestCost = 1.01
        #expect(Pipeline(cheap).allows(both) == (both.exported.costFactor <= 1.01))
        #expect(
            try Pipeline(cheap).run().exported.role.isFineTuned
                == (both.exported.costFactor <= 1.01))
        var single = timed
        single.selection.exportsSingle = true
        #expect(Pipeline(single).allows(both) == (both.exported.members.count == 1))
        timed.freezesEncoder = true
        #expect(!Pipeline(timed).allows(both))
    }

    @Test("a run whose training of the encoder was stopped may end with its whole epochs")
    func stoppedTuning() throws {
        let workspace = try Workspace(pairs: false, train: 160)
        defer { workspace.remove() }
        var timed = workspace.configuration("timed")
        timed.timeLimit = 30
        timed.selection.controls = .none
        let stopping = Pipeline(
            timed,
            progress: {
                $0.stage.hasPrefix("fine-tuning") && $0.completed == 7 ? .stop : .more
            })
        let (pipeline, open) = try stopping.opened(Stopwatch(), RunDirectory(timed.run))
        let far = Deadline(after: 3600)
        let plan = TimePlan(
            rows: RowLimits(), heldOutRows: 60, width: TimePlan.Width(4, 2, 1),
            tuning: TimePlan.Tuning(seeds: 1))
        try open.session.keep(plan)
        #expect(throws: Interrupted.self) {
            try pipeline.attempt(pipeline.planned(plan), on: open, until: far)
        }
        open.session.close()
        timed.mode = .resume
        timed.finishes = true
        let notes = Notes()
        let result = try Pipeline(timed, note: { notes.add($0) }).run()
        let seeds = notes.all.filter { $0.hasPrefix("linear, seed 0") }
        #expect(seeds.count == 1 && seeds[0].components(separatedBy: "(loss").count == 2)
        #expect(
            result.exported.role.isFineTuned
                || result.controls[Role.fineTunedLinear.rawValue] != nil)
    }

    @Test("where reading all rows takes long, a model of some is there before, and no result")
    func earlyModel() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var timed = workspace.configuration("timed")
        timed.timeLimit = 30
        let all = try Pipeline(timed).prepared(Stopwatch())
        #expect(try RowPlan(all).early(of: RowLimits()) == nil)
        var few = RowLimits()
        (few.train, few.dev, few.test) = (20, 10, 10)
        let notes = Notes()
        let (pipeline, open) = try Pipeline(timed, note: { notes.add($0) }).opened(
            Stopwatch(), RunDirectory(timed.run), early: few)
        defer { open.session.close() }
        #expect(notes.all.contains { $0.hasSuffix("linear heads, of 20 training rows") })
        let early = try ModelDirectory.load(timed.model)
        #expect(early.configuration.labels.count == 2)
        #expect(open.directory.result() == nil)
        // All rows are read after it, and what it had is not taken for theirs.
        #expect(open.splits.train[0].count == all.dataset.train.count)
        let far = Deadline(after: 3600)
        let first = try pipeline.attempt(
            pipeline.configuration.withLinearHeads, on: open, until: far
        ).result
        #expect(first.curve?.count == 1 && open.directory.result() != nil)
    }

    @Test("pairs are read in both ways where there is time, and the user chose none")
    func bothWays() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        func views(
            in seconds: Double, _ change: (inout RunConfiguration) -> Void = { _ in }
        ) throws -> [Pairing]? {
            var configuration = workspace.configuration("run")
            change(&configuration)
            let pipeline = Pipeline(configuration)
            let both = try pipeline.readingBothWays(
                RowPlan(pipeline.prepared(Stopwatch())), in: seconds)
            return both?.prepared.views.map(\.pairing)
        }
        #expect(try views(in: 1000) == [.siamese, .joint])
        #expect(try views(in: 0) == nil)
        #expect(try views(in: 1000) { $0.input.pairings = .siamese } == nil)
        #expect(try views(in: 1000) { $0.selection.largestCost = 1.5 } == nil)
        #expect(try views(in: 1000) { $0.head = "pool-mean > pair > classifier(hidden=0)" } == nil)

        let plan = TimePlan(rows: RowLimits(), pairings: .both, heldOutRows: 60)
        #expect(plan.arguments.prefix(2) == ["--pairing", "both"])
        var configuration = workspace.configuration("run")
        configuration.apply(plan)
        let asked = try Pipeline(configuration).prepared(Stopwatch())
        let plain = Pipeline(workspace.configuration("run"))
        let both = try plain.readingBothWays(RowPlan(plain.prepared(Stopwatch())), in: 1000)
        let found = try #require(both).prepared
        #expect(found.digest == asked.digest && found.dataset.digest == asked.dataset.digest)
        #expect(found.spaces.spaces.map(\.context) == asked.spaces.spaces.map(\.context))
    }

    @Test("a search leaves time for the encoder, whose seeds go on while they answer")
    func steps() throws {
        func next(_ plan: TimePlan?) throws -> TimePlan { try #require(plan) }
        // A second for eight heads; 23 and 17 s for a training.
        let rates = WorkRates { Double($0.candidates) / 8 }
        let tuning = FineTuningCost(perEpoch: 6, epochs: [3, 2], answering: 5)
        let empty = TimePlan(rows: RowLimits(), heldOutRows: 500)
        var steps = TimedSteps(rates, tuning)
        // 37 s are left for the search, of which 300 heads would take 37.5.
        var plan = try next(steps.first(after: empty, scored: 0, in: 60))
        #expect(plan.width?.candidates == 200 && plan.tuning == nil)
        #expect(steps.more(after: plan) == "the encoder is trained, in 23s more")
        #expect(
            steps.outlook(after: plan, in: 20) == "then the encoder is trained, in about 17s")
        #expect(steps.outlook(after: plan, in: 18) == nil)
        // As much as all epochs take is left, or fewer, or none.
        for (left, seeds, epochs) in [(23.5, 1, nil), (20, 1, 2), (16, nil, nil as Int?)] {
            var late = steps
            let tuned = late.next(after: plan, took: 25, isTuned: false, in: left)
            #expect(tuned?.tuning?.seeds == seeds && tuned?.tuning?.epochs == epochs)
        }
        plan = try next(steps.next(after: plan, took: 25, isTuned: false, in: 37))
        #expect(plan.tuning?.seeds == 1 && plan.width?.candidates == 200)
        #expect(steps.answering(plan) == 5)
        // Where that does not answer, the search goes on; else another seed, as long as the first took.
        var rejected = steps
        let wider = rejected.next(after: plan, took: 10, isTuned: false, in: 50)
        #expect(wider?.tuning == nil && wider?.width?.candidates == 300)
        let widest = rejected.next(after: try next(wider), took: 10, isTuned: false, in: 50)
        #expect(widest?.tuning == nil)
        // What no wider search fills goes into other seeds all the same.
        var last = try next(widest)
        for seeds in [2, 3] {
            let width = last.width
            let took = seeds == 2 ? 50.0 : 10
            last = try next(rejected.next(after: last, took: took, isTuned: false, in: 12))
            #expect(last.tuning?.seeds == seeds && last.width == width)
        }
        #expect(rejected.next(after: last, took: 10, isTuned: false, in: 12) == nil)
        plan = try next(steps.next(after: plan, took: 30, isTuned: true, in: 31))
        #expect(plan.tuning?.seeds == 2)
        plan = try next(steps.next(after: plan, took: 30, isTuned: true, in: 31))
        #expect(plan.tuning?.seeds == 3 && plan.width?.candidates == 200)
        plan = try next(steps.next(after: plan, took: 30, isTuned: true, in: 31))
        #expect(plan.tuning?.seeds == 3 && plan.width?.candidates == 300)
        let none = steps.next(after: plan, took: 30, isTuned: true, in: 10)
        #expect(none == nil)
        // A search gets what a shorter training leaves, and all where none fits.
        #expect(steps.first(after: empty, scored: 0, in: 20)?.width?.candidates == 24)
        #expect(steps.first(after: empty, scored: 0, in: 18)?.width?.candidates == 128)
        var frozen = TimedSteps(rates, nil)
        let narrow = try next(frozen.first(after: empty, scored: 0, in: 4))
        #expect(narrow.width?.candidates == 32)
        let second = frozen.next(after: narrow, took: 4, isTuned: false, in: 100)
        #expect(second?.width?.candidates == 48 && second?.tuning == nil)
        // More time never makes a search narrower.
        #expect(frozen.first(after: narrow, scored: 300, in: 4)?.width?.candidates == 300)
        // Training again what an earlier process trained has to fit: else it stays, or, where it may not, heads are
        // searched alone.
        #expect(steps.first(after: plan, scored: 0, in: 80)?.tuning?.seeds == 3)
        #expect(steps.first(after: plan, scored: 0, isTuned: true, in: 60) == nil)
        let alone = steps.first(after: plan, scored: 0, in: 60)
        #expect(alone?.width?.candidates == 400 && alone?.tuning == nil)
    }

    @Test("where no search fits, linear heads answer; with more time the answer is no worse")
    func short() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = workspace.configuration("timed")
        configuration.timeLimit = 30
        let first = try Pipeline(configuration).run(within: 0.01)
        #expect(first.search.candidates == 0 && first.entries(.contestant).isEmpty)
        #expect(first.exported.members.allSatisfy { $0.role == .linear })
        #expect(first.controls.keys.sorted() == ["linear"])
        #expect(try RunResult.load(configuration.result).curve?.count == 1)
        configuration.mode = .resume
        let second = try Pipeline(configuration).run(within: 1)
        #expect(second.curve == first.curve || second.isBetter(than: first))
        let saved = try RunResult.load(configuration.result)
        #expect(saved.exported.heldOut == second.exported.heldOut)
        // What the time brought is not forgotten by a later process without a limit.
        configuration.timeLimit = nil
        configuration.search.candidates = 8
        configuration.selection.keep = 1
        let third = try Pipeline(configuration).run()
        #expect(third.curve?.count == (saved.curve?.count ?? 0) + 1)
    }

    @Test("a stopped search ends with what it has, where that is asked for")
    func finish() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = workspace.configuration("stopped", threads: 1)
        configuration.selection.controls = .full
        for (stage, count) in [("scoring", 0), ("scoring", 9), ("contestants", 9)] {
            let stopper = Stopper(after: count)
            #expect(throws: Interrupted.self) {
                try Pipeline(
                    configuration,
                    progress: { $0.stage == stage ? stopper.handler($0) : .more }
                ).run()
            }
            configuration.mode = .resume
            var finished = configuration
            finished.finishes = true
            let result = try Pipeline(finished).run()
            #expect(result.search.candidates <= 40)
            #expect(result.search.candidates > 0 || result.entries(.contestant).isEmpty)
            #expect(result.controls[Role.random.rawValue] == nil)
            #expect(try RunResult.load(configuration.result).task == "toy")
        }
        // And goes on from there as if nothing had been.
        var whole = workspace.configuration("whole", threads: 1)
        whole.selection.controls = .full
        _ = try Pipeline(configuration).run()
        _ = try Pipeline(whole).run()
        #expect(try bytes(configuration.run) == bytes(whole.run))
        configuration.mode = .new
        configuration.finishes = true
        #expect(throws: BadOption.self) { try Pipeline(configuration).run() }
        // A mistyped directory is no finished run.
        configuration.mode = .resume
        configuration.run = workspace.directory.appendingPathComponent("none")
        let store = configuration.run.appendingPathComponent("run.sqlite").path
        #expect(throws: FileError.missing(path: store)) { try Pipeline(configuration).run() }
        #expect(!FileManager.default.fileExists(atPath: configuration.run.path))
    }

    @Test("a run of which nothing may answer yet says so, and an answer within a time limit stays")
    func nothing() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var configuration = workspace.configuration("stopped", threads: 1)
        configuration.selection.fitsLinearHeads = false
        configuration.selection.controls = .none
        let stopper = Stopper(after: 0)
        #expect(throws: Interrupted.self) {
            try Pipeline(
                configuration,
                progress: { $0.stage == "contestants" ? stopper.handler($0) : .more }
            ).run()
        }
        configuration.mode = .resume
        configuration.finishes = true
        #expect(throws: RunError.nothingFinished) { try Pipeline(configuration).run() }
        configuration.run = workspace.directory.appendingPathComponent("timed")
        configuration.finishes = false
        configuration.timeLimit = 30
        let (pipeline, open) = try Pipeline(configuration).opened(
            Stopwatch(), RunDirectory(configuration.run))
        defer { open.session.close() }
        var linear = configuration
        linear.search.candidates = 0
        linear.selection.fitsLinearHeads = true
        let (far, past) = (Deadline(after: 3600), Deadline(after: 0))
        let first = try pipeline.attempt(linear, on: open, until: far).result
        let late = try pipeline.attempt(configuration, on: open, earlier: first, until: past)
        #expect(!late.isWhole && late.result.curve == first.curve)
    }

    @Test("what time brought so far is shown with what more of it would be for")
    func outlook() {
        let curve = [
            RunResult.Moment(seconds: 11.2, heldOutAccuracy: 0.693, heldOutCrossEntropy: 0.9),
            RunResult.Moment(seconds: 31, heldOutAccuracy: 0.762, heldOutCrossEntropy: 0.8),
        ]
        #expect(
            Pipeline.outlook(curve, more: "32 heads scored") == [
                "held-out accuracy: 69.3% after 11 s, 76.2% after 31 s",
                "with more time (--resume --time-limit): 32 heads scored",
            ])
        #expect(Pipeline.outlook([curve[0]], more: nil) == [])
    }

    @Test("seconds are shown as they are typed")
    func text() {
        #expect(
            [30, 60, 90, 600, 3600, 5400].map { TimePlan.text($0) } == [
                "30s", "1m", "90s", "10m", "1h", "90m",
            ])
    }
}

extension RunConfiguration {
    fileprivate var result: URL { run.appendingPathComponent("result.json") }
    fileprivate var model: URL { run.appendingPathComponent("model") }
}
