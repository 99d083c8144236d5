import Foundation
import TestSupport
import Testing

/// The pieces of a search as typed, each process with a cache of its own.
@Suite("Features in shards, on the command line", .serialized)
struct FeatureShardTests {
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("knas")

    /// Runs a command with a cache of that name.
    private func knas(
        _ workspace: Workspace, home: String, _ words: [String]
    ) throws -> (code: Int32, output: String) {
        try Process.runToEnd(
            Self.program, words,
            environment: ["KNAS_CACHE": workspace.directory.appendingPathComponent(home).path])
    }

    private func entries(_ workspace: Workspace, home: String) -> [String: Data] {
        let folder = workspace.directory.appendingPathComponent("\(home)/features")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return Dictionary(
            uniqueKeysWithValues: names.filter { !$0.hasSuffix(".verified") }.map {
                ($0, (try? Data(contentsOf: folder.appendingPathComponent($0))) ?? Data())
            })
    }

    @Test("shards, merged, are the cache of one pass; options of a search do no harm")
    func shards() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let options = [workspace.task.path, "--encoder", workspace.encoder.path, "--layers", "1-2"]
        let features = ["features"] + options
        #expect(try knas(workspace, home: "whole", features).code == 0)
        var parts: [String] = []
        for shard in 1...2 {
            let part = workspace.directory.appendingPathComponent("part-\(shard)").path
            let (code, text) = try knas(
                workspace, home: "home \(shard)",
                features + ["--shard", "\(shard)/2", "--output", part, "--keep", "3"])
            #expect(code == 0, "\(text)")
            parts.append(part)
        }
        let half = try knas(workspace, home: "merged", features + ["--merge", parts[0]])
        #expect(half.code == 66 && half.output.contains("lack 1 of 3 blocks"))
        #expect(
            try knas(workspace, home: "merged", features + ["--merge"] + parts.reversed()).code == 0
        )
        let whole = entries(workspace, home: "whole")
        #expect(whole.count == 6 && entries(workspace, home: "merged") == whole)
        let missing = try knas(workspace, home: "merged", features + ["--missing", "--json"])
        #expect(missing.output.contains("\"missing\" : 0"))

        var foreign = features
        foreign[5] = "2"
        let refused = try knas(workspace, home: "other", foreign + ["--merge"] + parts)
        #expect(refused.code == 65 && refused.output.contains("its layers is 1 2"))
        for words in [["--shard", "1/2"], ["--output", "x"], ["--missing", "--merge", "x"]] {
            #expect(try knas(workspace, home: "other", features + words).code == 64)
        }
    }

    @Test("a plan encodes nothing, and scoring encodes train only")
    func frugality() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let run = workspace.directory.appendingPathComponent("run").path
        let options = [
            workspace.task.path, "--encoder", workspace.encoder.path, "--layers", "1-2",
            "--scoring-examples", "16",
        ]
        // A limit to multiply-adds needs lengths, not features.
        for limit in [[], ["--max-flops", "1000000"]] {
            let (code, text) = try knas(
                workspace, home: "home",
                ["plan"] + options + limit + ["--candidates", "8", "--run", run, "--overwrite"])
            #expect(code == 0, "\(text)")
            #expect(entries(workspace, home: "home").isEmpty)
        }
        let (code, text) = try knas(
            workspace, home: "home",
            ["score"] + options + [
                "--max-flops", "1000000", "--candidates", run + "/candidates.tsv",
                "--output", run + "/part",
            ])
        #expect(code == 0, "\(text)")
        #expect(entries(workspace, home: "home").count == 2)
        let bad = try knas(
            workspace, home: "home",
            ["plan"] + options.dropLast() + ["1", "--run", run + "-2"])
        #expect(bad.code == 64, "\(bad.output)")
    }
}
