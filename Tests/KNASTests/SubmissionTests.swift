import Foundation
import TestSupport
import Testing

/// `knas predict --format glue` as people use it.
@Suite("Submissions to benchmarks", .serialized)
struct SubmissionTests {
    private let run: FinishedRuns.Run
    private let directory: URL

    init() throws {
        run = try FinishedRuns.get(pairs: true)
        directory = run.workspace.directory.appendingPathComponent(
            "submission-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try write(
            "bench.yml",
            """
            columns: {text: a, pair: b, label: y}
            splits: {train: train.tsv, test: dev.tsv}
            labels: [{"1": same}, {"0": other}]
            submissions:
              - {rows: test.tsv, file: TEST.tsv, index: id}
              - {rows: [new.jsonl, old.jsonl], file: More.jsonl}
              - {rows: absent.tsv, file: Absent.tsv}
            """)
        try write(
            "test.tsv",
            "id\ta\tb\n10\tquick fox 1\tquick fox 1\n11\tlazy fox 2\tzebras jump 2\n"
                + "12\tbad fox 3\tbad fox 3\n")
        try write("old.jsonl", "{\"b\": \"zebras jump 2\", \"a\": \"lazy fox 2\", \"idx\": 4}\n")
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }

    private func predict(_ arguments: String...) throws -> Program.Outcome {
        try Program.run(["predict", run.model.path] + arguments, in: directory)
    }

    @Test("the values of the predicted classes are written, with the rows' indices, for each file")
    func files() throws {
        let plain = try Program.shell(
            "tail -n +2 test.tsv | cut -f 2-3 | knas predict \(run.model.path) | grep -o '\"label\":\"[a-z]*'",
            in: directory)
        let values = plain.output.split(separator: "\n").map { $0.hasSuffix("same") ? "1" : "0" }
        try #require(values.count == 3)
        let outcome = try predict(
            "--format", "glue", "--task", "bench.yml", "--output", "answers/here")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.contains("answers/here/TEST.tsv: 3 answers to "))
        #expect(outcome.error.contains("there is no absent.tsv, so Absent.tsv is not written"))
        #expect(
            try text("answers/here/TEST.tsv") == "index\tprediction\n"
                + zip(["10", "11", "12"], values).map { "\($0)\t\($1)\n" }.joined())
        #expect(
            try text("answers/here/More.jsonl") == "{\"idx\":4,\"label\":\"\(values[1])\"}\n")
    }

    @Test(
        "with --skip-bad-rows a bad row gets the model's first class; without, nothing is written")
    func badRows() throws {
        try write("test.tsv", "id\ta\tb\n0\tquick fox 1\t\n1\tlazy fox 2\tzebras jump 2\n")
        let stopped = try predict("--format", "glue", "--task", "bench.yml")
        #expect(stopped.code == 65 && stopped.error.contains("test.tsv:2: column 3"))
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/TEST.tsv"))
        let skipped = try predict(
            "--format", "glue", "--task", "bench.yml", "--skip-bad-rows", "--json")
        #expect(skipped.code == 0 && skipped.error.contains("1 bad row, answered with `0`"))
        #expect(try text("TEST.tsv").hasPrefix("index\tprediction\n0\t0\n1\t"))
        let json = try JSONSerialization.jsonObject(with: Data(skipped.output.utf8))
        let files = (json as? [String: [[String: Any]]])?["files"] ?? []
        #expect(files.map { $0["answers"] as? Int } == [2, 1])
    }

    @Test("what cannot be answered is said before the model is asked")
    func mistakes() throws {
        let other = try text("bench.yml").replacingOccurrences(of: "other", with: "third")
        try write("other.yml", other)
        try write("none.yml", other.components(separatedBy: "submissions")[0])
        try FileManager.default.createDirectory(
            at: directory.appendingPathComponent("empty"), withIntermediateDirectories: true)
        try write("same.yml", try text("bench.yml").replacingOccurrences(of: "TEST", with: "test"))
        for (arguments, code, message) in [
            (["--format", "glue"], Int32(64), "--format glue needs --task"),
            (["--task", "bench.yml"], 64, "--task is for --format glue"),
            (["x.tsv", "--format", "glue", "--task", "bench.yml"], 64, "x.tsv has no effect"),
            (["--format", "glue", "--task", "none.yml"], 64, "a task file that has `submissions`"),
            (["--format", "glue", "--task", "same.yml"], 64, "test.tsv is the name of a file"),
            (
                ["--format", "glue", "--task", "other.yml"], 65,
                "the task's classes are same, third"
            ),
            (
                ["--format", "glue", "--task", "bench.yml", "--data", "empty"], 66,
                "empty/test.tsv: no such file; task bench reads its test rows from it"
            ),
        ] {
            let outcome = try Program.run(["predict", run.model.path] + arguments, in: directory)
            #expect(outcome.code == code, "\(arguments): \(outcome.error)")
            #expect(outcome.error.contains(message), "\(arguments): \(outcome.error)")
        }
    }
}
