import Foundation
import TestSupport
import Testing

/// The command line as a user types it.
@Suite("The command line", .serialized)
struct CommandLineTests {
    private struct Outcome {
        let code: Int32
        let output: String
        let error: String
    }

    private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("knas")

    private func knas(_ arguments: [String], input: String = "") throws -> Outcome {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = stderr
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        let error = stderr.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            error: String(decoding: error, as: UTF8.self))
    }

    @Test("a run as typed: search, evaluate, predict, export")
    func wholeRun() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let run = workspace.directory.appendingPathComponent("run").path
        let search = try knas([
            "search", workspace.task.path, "--encoder", workspace.encoder.path, "--candidates",
            "20", "--keep", "2", "--seeds", "1", "--epochs", "2", "--scoring-examples", "16",
            "--run", run, "--json", "--quiet",
        ])
        #expect(search.code == 0, "\(search.error)")
        #expect(search.error.isEmpty)
        let result = try JSONSerialization.jsonObject(with: Data(search.output.utf8))
        let exported = try #require((result as? [String: Any])?["exported"] as? [String: Any])
        // Without a choice the split is test: the very figures of the result.
        let evaluation = try knas([
            "evaluate", run + "/model", workspace.task.path, "--json",
        ])
        #expect(evaluation.code == 0, "\(evaluation.error)")
        var figures = try #require(
            try JSONSerialization.jsonObject(with: Data(evaluation.output.utf8)) as? [String: Any])
        // What the model promises is not part of a result.
        let sets = try #require(figures.removeValue(forKey: "sets") as? [String: Double])
        #expect(sets["miscoverage"] == 0.05 && (sets["coverage"] ?? 0) > 0.5)
        let outliers = try #require(figures.removeValue(forKey: "outliers") as? Double)
        #expect(outliers < 0.5)
        #expect(figures.removeValue(forKey: "calibrationErrorByChance") as? Double ?? 1 < 0.2)
        #expect(figures as NSDictionary == exported["test"] as? NSDictionary)
        let strict = try knas([
            "evaluate", run + "/model", workspace.task.path, "--abstain", "0.0001",
        ])
        #expect(strict.code == 0 && !strict.output.contains("coverage"))
        #expect(strict.error.contains("coverage is not shown"))
        let dev = try knas([
            "evaluate", run + "/model", workspace.task.path, "--split", "dev", "--json",
        ])
        #expect(dev.code == 0 && dev.output != evaluation.output, "\(dev.error)")
        let prediction = try knas(
            ["predict", run + "/model"], input: "a good day\tit is good\nbad idea\tzebras\n")
        #expect(prediction.code == 0, "\(prediction.error)")
        #expect(prediction.output.split(separator: "\n").count == 2)
        let texts = workspace.directory.appendingPathComponent("texts.tsv")
        try "a good day\tit is good\nbad idea\tzebras\n".write(
            to: texts, atomically: true, encoding: .utf8)
        let fromFile = try knas(["predict", run + "/model", texts.path])
        #expect(fromFile.code == 0 && fromFile.output == prediction.output, "\(fromFile.error)")
        let withLogits = try knas(["predict", run + "/model", texts.path, "--logits"])
        #expect(withLogits.output.contains("\"logits\":{"))
        let file = workspace.directory.appendingPathComponent("head.safetensors").path
        let export = try knas(["export", run + "/model", "--output", file])
        #expect(export.code == 0, "\(export.error)")
        #expect(FileManager.default.fileExists(atPath: file))
        let columns = try knas(["predict", run + "/model"], input: "only one text\n")
        #expect(columns.code == 65)
        #expect(columns.error.contains("line 1"))
    }

    @Test("a misspelt name is answered with the one that was meant")
    func suggestions() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let task = workspace.task.path
        let model = workspace.directory.path
        let cases: [([String], String)] = [
            (["serach", task], "search"), (["encoder", "instal"], "install"),
            (["runs", "lsit"], "list"), (["help", "exprot"], "export"),
            (["encoder", "install", "multilingual-e5-smal"], "multilingual-e5-small"),
            (["search", task, "--encoder", "multilingual-e5-smal"], "multilingual-e5-small"),
            (["task", "check", "front-dsek"], "front-desk"),
            (["search", task, "--proxy", "alignmnet"], "alignment"),
            (["search", task, "--strategy", "randon"], "random"),
            (["search", task, "--candidate", "5"], "--candidates"),
            (["export", model, "--format", "onxx", "--output", "x"], "onnx"),
            (
                [
                    "search", task, "--encoder", workspace.encoder.path, "--head",
                    "projektion > pool-mean > pair > classifier",
                ], "projection"
            ),
        ]
        for (arguments, meant) in cases {
            var arguments = arguments
            if arguments.first == "search" { arguments += ["--run", model + "/run"] }
            let outcome = try knas(arguments)
            #expect(outcome.code == 64 || outcome.code == 66, "\(arguments)")
            let question = outcome.error.lowercased().replacingOccurrences(of: "`", with: "'")
            #expect(
                question.contains("did you mean '\(meant)'?"), "\(arguments): \(outcome.error)")
        }
    }

    @Test("every command's help has an example, and completions know every command")
    func help() throws {
        let commands = [
            "encoder", "encoder install", "encoder list", "encoder show", "task", "task check",
            "task init", "task list", "features", "search", "correlate", "evaluate", "predict",
            "export", "plan",
            "score", "train", "merge", "runs", "runs list", "runs show", "runs compare",
            "runs remove", "cache", "cache show", "cache clear", "vocab", "vocab train", "doctor",
            "self-test", "audit", "encoder rank", "task rows", "tokens",
        ]
        for command in commands {
            let outcome = try knas(["help"] + command.split(separator: " ").map(String.init))
            #expect(outcome.code == 0)
            #expect(outcome.output.contains("EXAMPLE"), "\(command)")
            #expect(outcome.output.contains("  knas \(command)"), "\(command)")
        }
        for shell in ["bash", "zsh", "fish"] {
            let outcome = try knas(["--generate-completion-script", shell])
            #expect(outcome.code == 0)
            for command in commands {
                let word = String(command.split(separator: " ").last ?? "")
                #expect(outcome.output.contains(word), "\(shell): \(command)")
            }
        }
    }

    @Test("where there is no terminal, each stage is one line, and --quiet says nothing")
    func stages() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let arguments = [
            "search", workspace.task.path, "--encoder", workspace.encoder.path, "--candidates",
            "8", "--keep", "2", "--seeds", "1", "--epochs", "2", "--scoring-examples", "16",
        ]
        let run = workspace.directory.appendingPathComponent("run").path
        let outcome = try knas(arguments + ["--run", run])
        #expect(outcome.code == 0, "\(outcome.error)")
        let lines = outcome.error.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("knas: ") })
        #expect(!outcome.error.contains("\r") && !outcome.error.contains("\u{1B}"))
        for stage in [
            "layers", "scoring", "contestants, round 1", "contestants, round 2", "contestants",
            "linear heads", "MLP",
        ] {
            #expect(lines.filter { $0 == "knas: \(stage) ..." }.count == 1, "\(outcome.error)")
        }
    }

    /// What is wrong with the data, and a part of the message it should give.
    private static let badFiles: [(String, Data, String)] = [
        ("an empty file", Data(), "train.tsv"),
        ("a missing column", Data("a\tb\ty\nx\ty\n".utf8), "train.tsv:2"),
        ("one class", Data("a\tb\ty\nx\tx\tsame\nz\tz\tsame\n".utf8), "one-class"),
        (
            "invalid UTF-8", Data("a\tb\ty\nx\t".utf8) + Data([0xFF]) + Data("\tsame\n".utf8),
            "UTF-8"
        ),
        (
            "a line of a megabyte",
            Data("a\tb\ty\n".utf8) + Data(repeating: 0x78, count: 1 << 21)
                + Data("\tb\tsame\n".utf8),
            "train.tsv:2"
        ),
        ("no label column", Data("a\tb\tz\nx\tx\tsame\n".utf8), "y"),
    ]

    @Test("bad data gives exit code 65 and a reason", arguments: 0..<6)
    func badTrainingFile(_ index: Int) throws {
        let (name, bytes, part) = Self.badFiles[index]
        let workspace = try Workspace()
        defer { workspace.remove() }
        try bytes.write(to: workspace.directory.appendingPathComponent("train.tsv"))
        let run = workspace.directory.appendingPathComponent("run")
        let outcome = try knas([
            "search", workspace.task.path, "--encoder", workspace.encoder.path, "--run", run.path,
        ])
        #expect(outcome.code == 65, "\(name): \(outcome.error)")
        #expect(outcome.error.contains(part), "\(name): \(outcome.error)")
        #expect(outcome.output.isEmpty)
        let left = try FileManager.default.contentsOfDirectory(atPath: run.path)
        #expect(left.isEmpty, "\(name) left \(left)")
    }

    @Test("an unknown label is named with its line")
    func unknownLabel() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let test = workspace.directory.appendingPathComponent("test.tsv")
        try Data("a\tb\ty\nx\tx\tsaem\n".utf8).write(to: test)
        let outcome = try knas(["task", "check", workspace.task.path])
        #expect(outcome.code == 65)
        let all = outcome.output + outcome.error
        #expect(all.contains("saem"), "\(all)")
    }

    @Test("choices about the model that make no sense are refused with what is expected")
    func badChoices() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let cases: [([String], String)] = [
            (["--funnel", "1", "--keep", "2"], "--funnel is 1: expected at least --keep (2)"),
            (["--funnel", "0"], "--funnel is 0"), (["--funnel", "many"], "--funnel"),
            (
                ["--keep", "9", "--candidates", "8"],
                "--keep is 9: expected at most --candidates (8)"
            ),
            (["--members", "0"], "--members is 0: expected 1 to 100"),
            (["--members", "101"], "--members is 101"),
            (["--max-cost", "0.5x"], "--max-cost is 0.5x: expected 1x or more"),
            (["--max-cost", "-1"], "--max-cost"), (["--max-cost", "cheap"], "--max-cost"),
            (["--max-cost", "nan"], "--max-cost"), (["--max-cost", "x"], "--max-cost"),
            (["--controls", "some"], "--controls"), (["--tune", "-1"], "--tune"),
            (["--seeds", "0"], "--seeds is 0"), (["--layers", "5"], "5"),
            (["--layers", "most"], "--layers"), (["--epochs", "0"], "epochs"),
        ]
        let run = workspace.directory.appendingPathComponent("run")
        for (options, part) in cases {
            let outcome = try knas(
                [
                    "search", workspace.task.path, "--encoder", workspace.encoder.path, "--run",
                    run.path,
                ] + options)
            #expect(outcome.code == 64, "\(options): \(outcome.error)")
            #expect(outcome.error.contains(part), "\(options): \(outcome.error)")
            // Before anything is scored or trained.
            #expect(!outcome.error.contains(" ..."), "\(options): \(outcome.error)")
        }
    }

    @Test("missing files give exit code 66, wrong usage 64")
    func usageAndMissing() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let task = workspace.task.path
        let cases: [([String], Int32)] = [
            (["search", "/nowhere/task.yml"], 66),
            (["search", task, "--encoder", "/nowhere/encoder"], 66),
            (["search", task, "--encoder", "no-such-encoder"], 66),
            (["search", task, "--data", "/nowhere", "--encoder", workspace.encoder.path], 66),
            (["predict", "/nowhere/model"], 66), (["evaluate", "/nowhere/model", task], 66),
            (["search", task, "--proxy", "mgmm"], 64), (["search", task, "--strategy", "x"], 64),
            (["search", task, "--keep", "0", "--encoder", workspace.encoder.path], 64),
            (["search", task, "--threads", "0"], 64),
            (["search", task, "--controls", "some"], 64),
            (["search", task, "--encoder", "a,"], 64), (["search", task, "--encoder", "a,a"], 64),
            (["search", task, "--encoder", "a,b", "--unfreeze", "1"], 64),
            (["features", task, "--encoder", "a,b"], 64),
            (["features", task, "--pairing", "both"], 64),
            (["search", task, "--lora", "8"], 64), (["search", task, "--pull", "1"], 64),
            (["search", task, "--r-drop", "1"], 64),
            (
                [
                    "search", task, "--lora", "0", "--unfreeze", "1", "--encoder",
                    workspace.encoder.path,
                ], 64
            ),
            (["search", task, "--ensemble", "--unfreeze", "1"], 64), (["search"], 64),
            (["nonsense"], 64), (["serach", task], 64), (["runs", "lsit"], 64),
            (["search", task, "--head", "x", "--encoder", workspace.encoder.path], 64),
            (["encoder", "install", "no-such-thing"], 64), (["--help"], 0), (["--version"], 0),
        ]
        for (arguments, code) in cases {
            var arguments = arguments
            if arguments.first == "search", arguments.count > 1 {
                arguments += ["--run", workspace.directory.appendingPathComponent("run").path]
            }
            let outcome = try knas(arguments)
            #expect(outcome.code == code, "\(arguments): \(outcome.error)")
        }
    }
}
