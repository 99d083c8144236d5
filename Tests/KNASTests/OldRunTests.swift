import Foundation
import Results
import Support
import TestSupport
import Testing

/// Directories in the formats that versions before this one wrote.
@Suite("Runs of other versions", .serialized)
struct OldRunTests {
    /// A `result.json` of format 1, abridged. That format had no key `format`.
    private static let oldResult = """
        {"baselines": {}, "cost": {"cpuSeconds": 1, "peakMemoryBytes": 1, "stages": {}, "wallSeconds": 1},
        "encoder": "e", "encoderDigest": "0", "finalists": [], "kernels": "SkylakeX", "labels": ["a", "b"],
        "layers": [1], "pairing": "joint", "pareto": [], "rows": {"dev": 1, "test": 1, "train": 1},
        "search": {"candidates": 1}, "seed": 1, "task": "toy", "version": "0.9.0",
        "winner": {"genotype": "projection > pool-mean > classifier", "parameters": 12}}
        """

    /// A `result.json` of format 2 from before searches exported portfolios: by `knas search front-desk
    /// --candidates 4 --keep 1 --seeds 1 --epochs 1 --tune 0 --no-linear-heads`, without white space.
    private static let beforePortfolios = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/result_before_portfolios.json")

    /// A folder with a finished run `new` of this version, and runs of an earlier one: `result` has only
    /// a result, `store` only a store, `whole` has both.
    private func folder() throws -> (workspace: Workspace, runs: URL) {
        let finished = try FinishedRuns.get(pairs: true).configuration.run
        let workspace = try Workspace()
        let runs = workspace.directory.appendingPathComponent("runs")
        let manager = FileManager.default
        try manager.createDirectory(at: runs, withIntermediateDirectories: true)
        try manager.copyItem(at: finished, to: runs.appendingPathComponent("new"))
        for name in ["result", "store", "whole"] {
            let run = runs.appendingPathComponent(name)
            try manager.createDirectory(at: run, withIntermediateDirectories: true)
            if name != "store" {
                try Data(Self.oldResult.utf8).write(to: run.appendingPathComponent("result.json"))
            }
            if name != "result" {
                // Bytes 60 to 63 of an SQLite file are the user version: the store's format.
                var store = try Data(contentsOf: finished.appendingPathComponent("run.sqlite"))
                try #require(Array(store[60..<64]) == [0, 0, 0, 2])
                store[63] = 1
                try store.write(to: run.appendingPathComponent("run.sqlite"))
            }
        }
        return (workspace, runs)
    }

    @Test("are listed with the reason, and are bad input for showing and comparing")
    func looking() throws {
        let (workspace, runs) = try folder()
        defer { workspace.remove() }
        func knas(_ words: String...) throws -> Program.Outcome {
            try Program.run(["runs"] + words, in: workspace.directory)
        }
        let list = try knas("list")
        #expect(list.code == 0)
        let rows = list.output.split(separator: "\n").filter { $0.contains("from another version") }
        #expect(rows.count == 3, "\(list.output)")
        #expect(!list.output.contains("damaged"))
        let warnings = list.error.split(separator: "\n")
        #expect(warnings.count == 3 && warnings.allSatisfy { $0.hasPrefix("knas: warning: ") })
        for name in ["result", "store", "whole"] {
            let show = try knas("show", "runs/\(name)")
            #expect(show.code == 65)
            #expect(show.output.contains("from another version"))
            let json = try knas("show", "runs/\(name)", "--json")
            #expect(json.code == 65)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            #expect((object as? [String: Any])?["state"] as? String == "other-version")
            let compare = try knas("compare", "runs/new", "runs/\(name)")
            #expect(compare.code == 65)
            // No list of all choices, as if the runs differed in them.
            #expect(!compare.output.contains("selection.keep"))
            let file = runs.appendingPathComponent(
                name == "result" ? "\(name)/result.json" : "\(name)/run.sqlite"
            ).path
            for text in [list.error, show.error, json.error, compare.error] {
                #expect(text.contains(file) && text.contains("format 1"), "\(text)")
                #expect(text.contains("another version") || text.contains("an earlier version"))
                #expect(text.contains("--overwrite"), "\(text)")
            }
        }
        #expect(try knas("compare", "runs/new", "runs/new").code == 0)
        #expect(try knas("remove", "runs/result", "runs/whole", "--force").code == 0)
        #expect(try knas("list").output.contains("store"))
        #expect(!FileManager.default.fileExists(atPath: runs.appendingPathComponent("whole").path))
    }

    @Test("are neither resumed nor changed, but can be replaced")
    func resuming() throws {
        let (workspace, runs) = try folder()
        defer { workspace.remove() }
        func search(_ name: String, _ more: String...) throws -> Program.Outcome {
            try Program.run(
                [
                    "search", "toy.yml", "--encoder", "./encoder", "--candidates", "6", "--keep",
                    "1", "--seeds", "1", "--epochs", "1", "--scoring-examples", "16", "--tune",
                    "0", "--no-linear-heads", "--quiet", "--run", "runs/\(name)",
                ] + more, in: workspace.directory)
        }
        func files() throws -> [String: Data] {
            var files: [String: Data] = [:]
            for name in ["result/result.json", "store/run.sqlite", "whole/run.sqlite"] {
                files[name] = try Data(contentsOf: runs.appendingPathComponent(name))
            }
            return files
        }
        let before = try files()
        for name in ["result", "store", "whole"] {
            let new = try search(name)
            #expect(new.code == 64, "\(name)")
            #expect(new.error.contains("already holds a run"), "\(new.error)")
            let resumed = try search(name, "--resume")
            // A result alone cannot be resumed.
            #expect(resumed.code == (name == "result" ? 66 : 65), "\(name)")
            #expect(
                resumed.error.contains(
                    name == "result"
                        ? "no run.sqlite"
                        : "made by an earlier version of the program (format 1, this one reads 2)"),
                "\(resumed.error)")
            #expect(resumed.error.contains("--overwrite"), "\(resumed.error)")
        }
        let merge = try Program.run(["merge", "runs/whole", "runs/new"], in: workspace.directory)
        #expect(merge.code == 65 && merge.error.contains("format 1"), "\(merge.error)")
        #expect(try files() == before)
        let replaced = try search("whole", "--overwrite")
        #expect(replaced.code == 0, "\(replaced.error)")
        #expect(
            try RunResult.load(runs.appendingPathComponent("whole/result.json")).format
                == RunResult.format)
    }

    @Test("a result from before portfolios says so, wherever it is shown")
    func beforePortfolios() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let run = workspace.directory.appendingPathComponent("runs/old")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        let file = run.appendingPathComponent("result.json")
        try FileManager.default.copyItem(at: Self.beforePortfolios, to: file)
        #expect(throws: RunResultError.earlier(path: file.path)) { try RunResult.load(file) }
        let list = try Program.run(["runs", "list"], in: workspace.directory)
        #expect(list.code == 0 && list.output.contains("from another version"), "\(list.output)")
        let show = try Program.run(["runs", "show", "runs/old"], in: workspace.directory)
        #expect(show.code == 65)
        for text in [list.error, show.error] {
            #expect(text.contains("\(file.path) was written before searches exported portfolios"))
            #expect(text.contains("--overwrite"), "\(text)")
        }
    }

    @Test("a result in a newer format is not taken for a damaged one")
    func newer() throws {
        let finished = try FinishedRuns.get(pairs: true)
        let url = finished.workspace.directory.appendingPathComponent("newer.json")
        let whole = try finished.text("result.json")
        let newer = whole.replacingOccurrences(of: "\"format\" : 2", with: "\"format\" : 3")
        try #require(newer != whole)
        try newer.write(to: url, atomically: true, encoding: .utf8)
        #expect(throws: RunResultError.otherFormat(path: url.path, found: 3)) {
            try RunResult.load(url)
        }
        try String(whole.dropLast(5)).write(to: url, atomically: true, encoding: .utf8)
        let error = #expect(throws: RunResultError.self) { try RunResult.load(url) }
        guard case .notAResult? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
