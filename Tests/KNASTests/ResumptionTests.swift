import Foundation
import KNAS
import RunStore
import Support
import TestSupport
import Testing

/// Runs that are stopped and resumed.
@Suite("Resuming a run", .serialized)
struct ResumptionTests {
    private func configuration(_ workspace: Workspace, _ run: String) -> RunConfiguration {
        var result = workspace.configuration(run)
        result.search.strategy = "evolution"
        result.search.candidates = 110
        result.selection.epochs = 3
        return result
    }

    /// The bytes of the leaderboard, the weights and the result but for times.
    private func outcome(_ run: URL) throws -> [Data] {
        let data = try Data(contentsOf: run.appendingPathComponent("result.json"))
        var result = try #require(
            JSONSerialization.jsonObject(with: data) as? [String: Any])
        result["cost"] = nil
        var search = try #require(result["search"] as? [String: Any])
        search["scoringSeconds"] = nil
        result["search"] = search
        return [
            try JSONSerialization.data(withJSONObject: result, options: .sortedKeys),
            try Data(contentsOf: run.appendingPathComponent("leaderboard.csv")),
            try Data(contentsOf: run.appendingPathComponent("model/head.safetensors")),
        ]
    }

    @Test("an evolution that is stopped again and again gives the bytes of an undisturbed one")
    func stops() throws {
        let workspace = try Workspace(wrong: 7)
        defer { workspace.remove() }
        let whole = configuration(workspace, "whole")
        _ = try Pipeline(whole).run()
        let expected = try outcome(whole.run)

        var parts = configuration(workspace, "parts")
        var stops = 0
        while true {
            parts.mode = .resume
            parts.threads = 1 + stops % 2
            do {
                // A little more each time, so that stops fall into all stages.
                _ = try Pipeline(parts, progress: Stopper(after: 25 + 4 * stops).handler).run()
                break
            } catch is Interrupted {
                stops += 1
                // While layers are looked at there is no store yet.
                if RunOverview.isRun(parts.run) {
                    #expect(try RunOverview(parts.run).state == .interrupted)
                }
            }
            try #require(stops < 200, "no progress is made")
        }
        #expect(stops > 3)
        #expect(try outcome(parts.run) == expected)

        let overview = try RunOverview(parts.run)
        #expect(overview.state == .complete)
        #expect(overview.scored == 110)
        #expect(overview.testAccuracy != nil)
        // Resuming what is complete gives it once more.
        _ = try Pipeline(parts).run()
        #expect(try outcome(parts.run) == expected)
    }

    @Test("a stop in any stage, between and within a funnel's rounds, leaves the same bytes")
    func stages() throws {
        let workspace = try Workspace(pairs: false, wrong: 7)
        defer { workspace.remove() }
        var whole = workspace.configuration("whole")
        whole.search.candidates = 12
        whole.selection.controls = .full
        _ = try Pipeline(whole).run()
        var parts = whole
        parts.run = workspace.directory.appendingPathComponent("parts")
        parts.mode = .resume
        let stages: [(String, Int)] = [
            ("layers", 1), ("scoring", 4), ("linear heads", 2), ("contestants, round 1", 0),
            ("contestants, round 1", 4), ("contestants, round 2", 0), ("contestants, round 2", 2),
            ("contestants", 5), ("MLP", 3), ("portfolio, seeds", 1),
            ("control: random search", 3), ("control: random funnel, round 1", 2),
            ("control: random funnel", 1),
        ]
        for (number, (stage, count)) in stages.enumerated() {
            parts.threads = 1 + number % 2
            let stopper = Stopper(after: count)
            do {
                _ = try Pipeline(
                    parts, progress: { $0.stage == stage ? stopper.handler($0) : .more }
                ).run()
                Issue.record("no stop in \(stage)")
            } catch is Interrupted {}
        }
        _ = try Pipeline(parts).run()
        #expect(try outcome(parts.run) == outcome(whole.run))
    }

    @Test("a run is neither overwritten by accident nor resumed with other choices or data")
    func refusals() throws {
        let workspace = try Workspace(wrong: 7)
        defer { workspace.remove() }
        var configuration = workspace.configuration("run")
        configuration.search.candidates = 4
        configuration.selection.epochs = 1
        _ = try Pipeline(configuration).run()
        #expect(throws: RunStoreError.alreadyThere(path: configuration.run.path)) {
            try Pipeline(configuration).run()
        }
        var other = configuration
        other.mode = .resume
        other.selection.training.learningRate = 5e-4
        let error = #expect(throws: RunStoreError.self) { try Pipeline(other).run() }
        #expect(error?.description.contains("training.learningRate") == true)
        other.mode = .overwrite
        _ = try Pipeline(other).run()

        let train = workspace.directory.appendingPathComponent("train.tsv")
        let rows = try String(contentsOf: train, encoding: .utf8)
        try (rows + "a new row\tit is new\tother\n").write(
            to: train, atomically: true, encoding: .utf8)
        other.mode = .resume
        let changed = #expect(throws: RunStoreError.self) { try Pipeline(other).run() }
        #expect(changed?.description.contains("the data changed") == true)

        let store = other.run.appendingPathComponent("run.sqlite")
        try FileManager.default.removeItem(at: store)
        #expect(throws: RunStoreError.nothingToResume(path: other.run.path)) {
            try Pipeline(other).run()
        }
        try RunOverview.remove(other.run)
        #expect(!FileManager.default.fileExists(atPath: other.run.path))
    }
}
