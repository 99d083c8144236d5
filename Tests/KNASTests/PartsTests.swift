import Foundation
import KNAS
import RunStore
import Search
import Selection
import Support
import TestSupport
import Testing

@Suite("A search in parts", .serialized)
struct PartsTests {
    @Test(
        "planned, scored in shares, merged and resumed, a search ends with the bytes of one piece")
    func parts() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        _ = try Pipeline(workspace.configuration("plain")).run()

        let run = workspace.directory.appendingPathComponent("run")
        let plan = try Pipeline(workspace.configuration("run")).plan()
        #expect(plan.candidates == 40)
        let list = run.appendingPathComponent("candidates.tsv")
        var parts: [URL] = []
        for shard in ["3/3", "1/3", "2/3"] {
            let part = workspace.directory.appendingPathComponent(
                "parts/" + shard.replacingOccurrences(of: "/", with: "-"))
            // The number of candidates does not matter to a share, nor do the threads.
            var configuration = workspace.configuration("elsewhere", threads: 1)
            configuration.search.candidates = 2
            let count = try Pipeline(configuration).score(
                list, shard: try #require(Shard(shard)), to: part)
            #expect(count == 13 || count == 14)
            parts.append(part)
        }
        let head = try String(contentsOf: list, encoding: .utf8)
            .split(separator: "\n")[1].split(separator: "\t")[1]
        let training = workspace.directory.appendingPathComponent("parts/training")
        try Pipeline(workspace.configuration("elsewhere")).train(
            String(head), heldOut: 0, to: training)
        let merged = try Pipeline.merge(parts + [training, parts[0]], into: run)
        #expect(merged.candidates == 54 || merged.candidates == 53)
        #expect(merged.trainings == 1)

        var resumed = workspace.configuration("run")
        resumed.mode = .resume
        _ = try Pipeline(resumed).run()
        for file in ["leaderboard.csv", "model/head.safetensors"] {
            let plain = workspace.directory.appendingPathComponent("plain/\(file)")
            #expect(
                try Data(contentsOf: run.appendingPathComponent(file)) == Data(contentsOf: plain))
        }

        // A part that was made with another seed belongs to another run.
        var foreign = workspace.configuration("elsewhere")
        foreign.seed = 99
        let part = workspace.directory.appendingPathComponent("parts/foreign")
        _ = try Pipeline(foreign).score(list, shard: try #require(Shard("1/20")), to: part)
        #expect(throws: RunStoreError.self) { try Pipeline.merge([part], into: run) }
    }

    @Test("a strategy that looks at scores cannot be planned")
    func strategies() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = workspace.configuration("run")
        configuration.search.strategy = "evolution"
        #expect(throws: BadOption.self) { try Pipeline(configuration).plan() }
    }

    @Test(
        "a damaged list of candidates is an error with its line",
        arguments: [
            ("", 1), ("id genotype\n", 1), ("id\tgenotype\n1\n", 2), ("id\tgenotype\nx\ty\n", 2),
            ("id\tgenotype\n1\tno-such > head\n", 2), ("id\tgenotype\n-1\tpool-mean\n", 2),
        ])
    func lists(_ text: String, _ line: Int) throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let list = workspace.directory.appendingPathComponent("list.tsv")
        try text.write(to: list, atomically: true, encoding: .utf8)
        let part = workspace.directory.appendingPathComponent("part")
        let error = #expect(throws: RunError.self) {
            _ = try Pipeline(workspace.configuration("elsewhere")).score(
                list, shard: .whole, to: part)
        }
        #expect(error?.description.hasPrefix("\(list.path):\(line): ") == true)
        #expect(!FileManager.default.fileExists(atPath: part.path))
    }

    @Test("shares are I/N with I from 1 to N and cover everything once")
    func shares() {
        for text in ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2", "1/", "/2"] {
            #expect(Shard(text) == nil)
        }
        let shares = (1...3).compactMap { Shard("\($0)/3") }
        for place in 0..<20 {
            #expect(shares.filter { $0.contains(place) }.count == 1)
        }
    }
}
