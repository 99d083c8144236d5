import Export
import Foundation
import Results
import Selection
import Support
import Tasks
import TestSupport
import Testing

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

    @Test("what time brought so far is shown with what more of it would be for")
    func outlook() {
        let curve = [
            RunResult.Moment(seconds: 11.2, heldOutAccuracy: 0.693, heldOutCrossEntropy: 0.9),
            RunResult.Moment(seconds: 31, heldOutAccuracy: 0.762, heldOutCrossEntropy: 0.8),
        ]
        #expect(
            Pipeline.outlook(curve, after: TimePlan.widths[0]) == [
                "held-out accuracy: 69.3% after 11 s, 76.2% after 31 s",
                "with more time (--resume --time-limit): 32 heads scored, 3 trained to the end",
            ])
        #expect(Pipeline.outlook([curve[0]], after: TimePlan.widths.last) == [])
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
