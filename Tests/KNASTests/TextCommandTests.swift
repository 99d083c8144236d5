import Foundation
import TestSupport
import Testing

/// Texts of a user's files on their way to a terminal, to token ids and to other programs.
@Suite("Commands on texts", .serialized)
struct TextCommandTests {
    /// Two classes with names that are hard to show.
    private static let labels = ["\u{1b}[31mrefund", "line one\nline two"]

    private func withTask(_ body: (URL) throws -> Void) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for (split, count) in [("train", 8), ("test", 4)] {
            let rows = (0..<count).map { "\(split) \($0),\"\(Self.labels[$0 % 2])\"\n" }
            try Data(("text,label\n" + rows.joined()).utf8)
                .write(to: directory.appendingPathComponent("\(split).csv"))
        }
        try Data(
            """
            columns: {text: text, label: label}
            splits: {train: train.csv, dev: {from: train, rows: 2}, test: test.csv}
            """.utf8
        ).write(to: directory.appendingPathComponent("task.yml"))
        try body(directory)
    }

    @Test("what cannot be seen is escaped, and every class has one line")
    func escaped() throws {
        try withTask { directory in
            let check = try Program.run(["task", "check", "."], in: directory)
            #expect(check.code == 0, "\(check.error)")
            #expect(!check.output.contains("\u{1b}"))
            #expect(check.output.contains("  \\u{1B}[31mrefund"))
            #expect(check.output.contains("  line one\\nline two"))
            try Data("text,label\na,\u{1b}[2Jx\n".utf8)
                .write(to: directory.appendingPathComponent("test.csv"))
            let bad = try Program.run(["task", "check", "task.yml"], in: directory)
            #expect(bad.code == 65 && !(bad.output + bad.error).contains("\u{1b}"))
            #expect(bad.error.contains("unknown label `\\u{1B}[2Jx`"), "\(bad.error)")
            let json = try Program.run(["task", "check", "task.yml", "--json"], in: directory)
            #expect(json.code == 65)
        }
    }

    @Test("tokens shows ids and pieces, for texts and for pairs")
    func tokens() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoder)
        try Data("good\tbad\n".utf8).write(to: directory.appendingPathComponent("texts"))
        let pairs = try Program.run(
            ["tokens", encoder.path, "texts", "--pairs", "--json"], in: directory)
        #expect(pairs.code == 0, "\(pairs.error)")
        let answer = try JSONSerialization.jsonObject(with: Data(pairs.output.utf8))
        let texts = try #require((answer as? [String: Any])?["texts"] as? [[String: Any]])
        let (ids, pieces) = (texts[0]["ids"] as? [Int] ?? [], texts[0]["pieces"] as? [String] ?? [])
        #expect(texts.count == 1 && ids.count == pieces.count && ids.count > 4)
        #expect(texts[0]["pair"] as? String == "bad" && !pieces.contains(""))
        let plain = try Program.run(["tokens", encoder.path, "texts"], in: directory)
        #expect(plain.code == 0 && plain.output.hasPrefix("\(ids[0]) \(pieces[0])  "))
        let wrong = try Program.run(
            ["tokens", encoder.path, "task.yml", "--pairs"], in: directory)
        #expect(wrong.code == 66)
    }

    @Test("an ONNX export has its tokenizer beside it, and another's is not replaced")
    func tokenizer() throws {
        let run = try FinishedRuns.get(pairs: false)
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        func export(_ more: [String] = []) throws -> String {
            let done = try Program.run(
                [
                    "export", run.model.path, "--encoder", run.workspace.encoder.path, "--format",
                    "onnx", "--output", "a.onnx", "--json",
                ] + more, in: directory)
            #expect(done.code == 0, "\(done.error)")
            return done.output
        }
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        }
        #expect(try export(["--head-only"]).contains("\"tokenizers\" : ["))
        #expect(try names() == ["a.onnx"])
        _ = try export()
        #expect(try names() == ["a.onnx", "tokenizer.json"])
        let file = directory.appendingPathComponent("tokenizer.json")
        let written = try Data(contentsOf: file)
        _ = try export()
        #expect(try names() == ["a.onnx", "tokenizer.json"])
        try Data("{}".utf8).write(to: file)
        #expect(try export().contains("a.tokenizer.json"))
        #expect(try Data(contentsOf: file) == Data("{}".utf8))
        let own = directory.appendingPathComponent("a.tokenizer.json")
        #expect(try Data(contentsOf: own) == written)
    }

    @Test("evaluate refuses what the model has decided already")
    func evaluate() throws {
        let run = try FinishedRuns.get(pairs: true)
        for option in [["--max-tokens", "20"], ["--pairing", "joint"]] {
            let refused = try Program.run(
                ["evaluate", run.model.path, run.workspace.task.path] + option,
                in: run.workspace.directory)
            #expect(refused.code == 64 && refused.error.contains("the model has its"))
        }
    }
}
