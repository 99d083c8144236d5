import Foundation
import TestSupport
import Testing

@testable import KNASCommand

@Suite("The command that reproduces a result", .serialized)
struct ReproducingCommandTests {
    private func command(
        _ words: [String], task: String = "front-desk", name: String = "front-desk"
    ) -> String {
        ReproducingCommand(["/opt/knas/knas"] + words, task: task, name: name).text
    }

    @Test("keeps everything that decides the result, unknown options included")
    func kept() {
        let words = [
            "search", "front-desk", "--epoch-choice", "last", "--micro-batch-tokens", "256",
            "--seed=3", "--candidates", "300", "--ensemble", "--no-linear-heads",
            "--skip-bad-rows", "--pairing", "joint", "--unfreeze", "all", "--an-option-of-tomorrow",
        ]
        #expect(command(words) == "knas " + words.joined(separator: " "))
    }

    @Test(
        "leaves out what changes no result",
        arguments: [
            ["--run", "runs/mine"], ["--run=runs/mine"], ["--threads", "3"], ["--threads=3"],
            ["--log-level", "debug"], ["--log-level=debug"], ["--resume"], ["--overwrite"],
            ["--json"], ["--quiet"], ["-q"], ["--time-limit", "10m"], ["--time-limit=10m"],
            ["--finish"],
        ])
    func leftOut(_ option: [String]) {
        let expected = "knas search front-desk --seed 3"
        #expect(command(["search", "front-desk", "--seed", "3"] + option) == expected)
        #expect(command(["search", "front-desk"] + option + ["--seed", "3"]) == expected)
        #expect(
            command(["search"] + option + ["front-desk", "--seed", "3"]) == expected,
            "an option may come before the task")
    }

    @Test("does not show where files are on this machine")
    func places() {
        for data in [["--data", "/home/me/RTE"], ["--data=/home/me/RTE"]] {
            let path = "/home/me/rte.yml"
            let text = command(["search", path] + data, task: path, name: "rte")
            #expect(text == "knas search rte --data DIR")
        }
    }

    @Test("replaces the task's path by its name, wherever it is")
    func task() {
        let path = "tasks/my.own.yml"
        func text(_ words: [String]) -> String { command(words, task: path, name: "my.own") }
        #expect(text(["search", "--seed", "3", path]) == "knas search --seed 3 my.own")
        #expect(
            text(["search", "--encoder", "models/e5.large", path, "--keep", "2"])
                == "knas search --encoder models/e5.large my.own --keep 2")
        #expect(text(["plan", "--ensemble", path]) == "knas plan --ensemble my.own")
        #expect(
            text(["search", "--json", "--seed", "3", "--", path])
                == "knas search --seed 3 -- my.own")
        // A name may have a full stop in it.
        #expect(command(["search", "a.b"], task: "a.b", name: "a.b") == "knas search a.b")
        #expect(command(["search", "--", "--run"], task: "--run", name: "x") == "knas search -- x")
    }

    @Test("gives a shell the words that were typed")
    func quoting() throws {
        let values = [
            "projection(width=64) > pool-mean > pair > classifier", "it's", "a \"b\" `c` $HOME \\",
            "", "*", "~", "#x", "two\nlines", "e\u{301}'\u{301}", "a;b&c|d",
        ]
        let words = ["search", "front-desk"] + values.flatMap { ["--head", $0] }
        let text = command(words)
        let outcome = try Program.shell(
            "knas() { printf '%s\\0' \"$@\"; }\n" + text,
            in: FileManager.default.temporaryDirectory)
        #expect(outcome.code == 0, "\(outcome.error)")
        let read = outcome.output.split(separator: "\0", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
        #expect(read == words)
    }

    @Test("copied from a report, gives the same bytes")
    func again() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let directory = workspace.directory
        let manager = FileManager.default
        // The task's file has a folder of its own, and the encoder's name needs quotes.
        let task = directory.appendingPathComponent("tasks/toy.yml")
        try manager.createDirectory(
            at: task.deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.moveItem(at: workspace.task, to: task)
        try manager.moveItem(
            at: workspace.encoder, to: directory.appendingPathComponent("my <encoder>'s copy"))
        let first = try Program.run(
            [
                "search", "--seed", "7", "--threads", "1", task.path, "--data", directory.path,
                "--encoder", "./my <encoder>'s copy", "--candidates=12", "--keep", "2", "--seeds",
                "1", "--epochs", "2", "--scoring-examples", "16", "--epoch-choice", "last",
                "--operations", "projection, convolution, default", "--run", "first", "-q",
            ], in: directory)
        #expect(first.code == 0 && first.error.isEmpty, "\(first.error)")

        let text = try command(inReportOf: directory.appendingPathComponent("first"))
        #expect(!text.contains(directory.path) && !text.contains("first"))
        // The reader puts the data's directory in its place.
        try manager.createSymbolicLink(
            at: directory.appendingPathComponent("DIR"), withDestinationURL: directory)
        let second = try Program.shell(text + " --run second", in: directory)
        #expect(second.code == 0, "\(text): \(second.error)")
        for file in [
            "leaderboard.csv", "model/config.json", "model/head.safetensors", "model/README.md",
        ] {
            func bytes(_ run: String) throws -> Data {
                try Data(contentsOf: directory.appendingPathComponent("\(run)/\(file)"))
            }
            #expect(try bytes("first") == bytes("second"), "\(file)")
        }
        #expect(try command(inReportOf: directory.appendingPathComponent("second")) == text)
    }

    /// The command as a reader of the report copies it.
    private func command(inReportOf run: URL) throws -> String {
        let page = try String(
            contentsOf: run.appendingPathComponent("report.html"), encoding: .utf8)
        let open = try #require(page.range(of: "<pre tabindex=\"0\"><code>"))
        let rest = page[open.upperBound...]
        let close = try #require(rest.range(of: "</code>"))
        var text = String(rest[..<close.lowerBound])
        for (entity, character) in [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
        ] {
            text = text.replacingOccurrences(of: entity, with: character)
        }
        return text
    }
}
