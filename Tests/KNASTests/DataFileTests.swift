import Foundation
import TestSupport
import Testing

/// A data file in place of a task, as a user types it.
@Suite("Data files on the command line", .serialized)
struct DataFileTests {
    private static let fast = [
        "--encoder", "encoder", "--candidates", "6", "--keep", "1", "--seeds", "1", "--tune", "0",
        "--epochs", "1", "--scoring-examples", "12", "--controls", "none",
    ]

    private func withFile(_ body: (URL) throws -> Void) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        try TinyEncoder.write(to: directory.appendingPathComponent("encoder"))
        let words = ["good", "bad", "idea", "day", "zebras"]
        let rows = (0..<40).map { row in
            "\(row),\(words[row % 5]) \(words[row / 5 % 5]) \(row),\(["yes", "no"][row % 2]),\(["p", "q"][row / 20])\n"
        }
        try Data(("id,utterance,intent,emotion\n" + rows.joined()).utf8)
            .write(to: directory.appendingPathComponent("messages.csv"))
        try body(directory)
    }

    @Test("search and evaluate take a data file; the run is named after it and can be resumed")
    func search() throws {
        try withFile { directory in
            func knas(_ words: [String]) throws -> Program.Outcome {
                try Program.run(words, in: directory)
            }
            let ask = try knas(["search", "messages.csv"] + Self.fast)
            #expect(ask.code == 65 && ask.error.contains("--label intent"), "\(ask.error)")
            let choice = ["--label", "intent"]
            let search = try knas(["search", "messages.csv"] + choice + Self.fast)
            #expect(search.code == 0, "\(search.error)")
            #expect(search.error.contains("the text is `utterance`, the label is `intent`"))
            #expect(search.error.contains("test: 20 % of the rows"))
            let run = directory.appendingPathComponent("runs/messages")
            let result = try Data(contentsOf: run.appendingPathComponent("result.json"))
            let report = try String(
                contentsOf: run.appendingPathComponent("report.html"), encoding: .utf8)
            #expect(report.contains("knas search messages.csv --label intent"))
            let again = try knas(["search", "messages.csv", "--resume"] + choice + Self.fast)
            #expect(again.code == 0, "\(again.error)")
            let json = { (data: Data) in
                (try JSONSerialization.jsonObject(with: data) as? [String: Any])?["exported"]
                    as? NSDictionary
            }
            #expect(
                try json(Data(contentsOf: run.appendingPathComponent("result.json")))
                    == json(result))
            // Another column is another task.
            let other = try knas(
                ["search", "messages.csv", "--resume", "--label", "emotion"] + Self.fast)
            #expect(other.code == 65 || other.code == 64, "\(other.error)")
            let evaluation = try knas(
                ["evaluate", "runs/messages", "messages.csv", "--encoder", "encoder", "--json"]
                    + choice)
            #expect(evaluation.code == 0, "\(evaluation.error)")
            var figures = try #require(
                try JSONSerialization.jsonObject(with: Data(evaluation.output.utf8))
                    as? [String: Any])
            // What the model promises is not part of a result.
            for key in ["sets", "outliers", "calibrationErrorByChance"] { figures[key] = nil }
            #expect(figures as NSDictionary == (try json(result))?["test"] as? NSDictionary)
        }
    }

    @Test("task init writes a task file that a run of the data file goes on with")
    func taskInit() throws {
        try withFile { directory in
            let plain = ["task", "init", "messages.csv", "--label", "intent"]
            let shown = try Program.run(plain, in: directory)
            #expect(shown.code == 0 && shown.output.contains("  label: \"intent\""))
            #expect(shown.output.contains("  train: \"messages.csv\""))
            let written = try Program.run(plain + ["--output", "mine.yml"], in: directory)
            #expect(written.code == 0, "\(written.error)")
            let file = directory.appendingPathComponent("mine.yml")
            #expect(try String(contentsOf: file, encoding: .utf8) == shown.output)
            let twice = try Program.run(plain + ["--output", "mine.yml"], in: directory)
            #expect(twice.code == 74 && twice.error.contains("--overwrite"), "\(twice.error)")
            #expect(
                try Program.run(plain + ["--output", "mine.yml", "--overwrite"], in: directory).code
                    == 0)
            let no = try Program.run(["task", "init", "mine.yml"], in: directory)
            #expect(no.code == 64, "\(no.error)")
            let check = { (words: [String]) in
                try Program.run(["task", "check", "--json"] + words, in: directory)
            }
            let (data, task) = (
                try check(["messages.csv", "--label", "intent"]), try check(["mine.yml"])
            )
            #expect(data.code == 0 && data.output == task.output)
            // What would have no effect is refused.
            let wrong = try check(["mine.yml", "--label", "intent"])
            #expect(wrong.code == 64 && wrong.error.contains("--label"), "\(wrong.error)")
            let folder = try check(["messages.csv", "--data", "."])
            #expect(folder.code == 64 && folder.error.contains("--data"), "\(folder.error)")
            let missing = try check(["message.csv"])
            #expect(missing.code == 66, "\(missing.error)")
        }
    }

    @Test("the pieces of a search take a data file, too")
    func pieces() throws {
        try withFile { directory in
            let task = ["messages.csv", "--label", "intent"] + Self.fast
            let without = task.enumerated().filter { place, _ in
                let at = task.firstIndex(of: "--candidates")!
                return place != at && place != at + 1
            }.map(\.element)
            for words in [
                ["plan"] + task + ["--run", "run"],
                ["score"] + without + ["--candidates", "run/candidates.tsv", "--output", "part"],
                ["merge", "run", "part"], ["search"] + task + ["--run", "run", "--resume"],
            ] {
                let done = try Program.run(words, in: directory)
                #expect(done.code == 0, "\(words[0]): \(done.error)")
            }
        }
    }
}
