import Foundation
import TestSupport
import Testing

/// `knas predict` as people use it: streams, tables, pipes, bad rows.
@Suite("knas predict", .serialized)
struct PredictTests {
    private let run: FinishedRuns.Run
    private let directory: URL

    init() throws {
        run = try FinishedRuns.get(pairs: false)
        directory = run.workspace.directory
    }

    /// A shell line in which `$M` is the model.
    private func shell(_ line: String) throws -> Program.Outcome {
        try Program.shell("M=\(run.model.path); " + line, in: directory)
    }

    private func answers(_ line: String) throws -> [[String: Any]] {
        let outcome = try shell(line)
        #expect(outcome.code == 0, "\(outcome.error)")
        return try outcome.output.split(separator: "\n").map { line in
            try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("an answer comes while the input is still open")
    func streams() throws {
        // The second text is sent when the first one's answer is there.
        let outcome = try shell(
            """
            mkfifo in out; knas predict $M < in > out & exec 3> in 4< out; rm in out
            echo 'a good day' >&3; read first <&4; echo 'a bad idea' >&3; read second <&4
            exec 3>&-; wait $!; echo $?; echo "$first"; echo "$second"
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 3, "\(outcome.output) \(outcome.error)")
        #expect(lines[0] == "0")
        #expect(lines.dropFirst().allSatisfy { $0.contains("\"label\"") })
    }

    @Test("tables, JSON lines and lines give the same answers, from files, pipes and /dev/stdin")
    func formats() throws {
        let texts = ["a good day", "two\nlines, \"quoted\"", "bad idea"]
        let csv = "id,body\n1,a good day\n2,\"two\nlines, \"\"quoted\"\"\"\n\n3,bad idea\n"
        let json = try texts.map { text in
            String(
                decoding: try JSONSerialization.data(withJSONObject: ["body": text]),
                as: UTF8.self) + "\n"
        }.joined()
        try csv.write(
            to: directory.appendingPathComponent("t.csv"), atomically: true, encoding: .utf8)
        try json.write(
            to: directory.appendingPathComponent("t.jsonl"), atomically: true, encoding: .utf8)
        let expected = try shell("knas predict $M t.csv --text body").output
        #expect(expected.split(separator: "\n").count == 3)
        for line in [
            "knas predict $M t.jsonl --text body",
            "knas predict \(run.configuration.run.path) t.jsonl --text body",
            "knas predict $M --format jsonl --text body < t.jsonl",
            "cat t.csv | knas predict $M --format csv --text body /dev/stdin",
            "cat t.csv | knas predict $M --format csv --text body -",
            "mkfifo p; cat t.csv > p & knas predict $M --format csv --text body p; rm p",
            // Every byte by itself.
            "python3 -uc \"import sys; [(sys.stdout.write(c), sys.stdout.flush()) for c in "
                + "open('t.csv', newline='').read()]\" "
                + "| knas predict $M --format csv --text body",
            "sed 's/body/x/;s/,/\\t/' t.csv | head -2 | knas predict $M --format tsv --text x; "
                + "knas predict $M t.csv --text body | tail -2",
        ] {
            let outcome = try shell(line)
            #expect(outcome.output == expected, "\(line): \(outcome.error)")
        }
    }

    @Test("compressed files, UTF-16, arrays and semicolons give the answers of the plain file")
    func otherKinds() throws {
        let write = """
            import gzip, json
            texts = ["a good day", "two\\nlines; a", "bad idea"]
            table = "id;body\\n" + "".join(f'{i};"{t}"\\n' for i, t in enumerate(texts))
            open("k.csv", "w").write(table)
            gzip.open("k.csv.gz", "wt").write(table)
            open("u.csv", "w", encoding="utf-16").write(table)
            rows = [{"body": t, "n": [float("nan")]} for t in texts]
            open("k.json", "w").write(json.dumps(rows, indent=1))
            open("k.zip.csv", "wb").write(b"PK\\3\\4 a.csv")
            """
        let made = try shell("python3 -c '\(write.replacingOccurrences(of: "'", with: "'\\''"))'")
        #expect(made.code == 0, "\(made.error)")
        let expected = try shell("knas predict $M k.csv --text body").output
        #expect(expected.split(separator: "\n").count == 3)
        for file in ["k.csv.gz", "u.csv", "k.json", "- --format jsonl < k.json"] {
            let found = try shell("knas predict $M --text body \(file)")
            #expect(found.code == 0 && found.output == expected, "\(file): \(found.error)")
        }
        for line in ["knas predict $M k.zip.csv", "cat k.zip.csv | knas predict $M"] {
            let refused = try shell(line)
            #expect(refused.code == 65, "\(refused.error)")
            #expect(refused.error.contains("a zip archive"), "\(refused.error)")
        }
        let piped = try shell("cat k.csv.gz | knas predict $M --format csv --text body")
        #expect(piped.code == 65 && piped.error.contains("gunzip -c"), "\(piped.error)")
    }

    @Test("a bad row stops the work with its line, or is answered in its place")
    func badRows() throws {
        let cases: [(String, String, Int)] = [
            ("printf 'a\\n\\nb\\n' | knas predict $M", "line 2: the text is empty", 3),
            ("printf 'a\\n \\t\\nb\\n' | knas predict $M", "line 2: the text is empty", 3),
            ("printf 'a\\nb\\0c\\n' | knas predict $M", "line 2: a NUL character", 2),
            ("printf 'a\\n\\377\\n' | knas predict $M", "line 2: not valid UTF-8", 2),
            (
                "printf 'text,x\\na,1\\n,2\\n' | knas predict $M --format csv",
                "line 3: column 1 (`text`): the text is empty", 2
            ),
            (
                "printf '{\"text\": \"a\"}\\n{\"text\": 1}\\n' | knas predict $M --format jsonl",
                "line 2: key `text`: expected a string", 2
            ),
        ]
        for (line, message, count) in cases {
            let stopped = try shell(line)
            #expect(stopped.code == 65, "\(line)")
            #expect(stopped.error.contains(message), "\(line): \(stopped.error)")
            // What came before it has been answered.
            #expect(stopped.output.split(separator: "\n").count == 1)
            let skipped = try answers(line + " --skip-bad-rows")
            #expect(skipped.count == count, "\(line)")
            #expect(skipped[0]["label"] != nil)
            #expect(skipped[1]["error"] != nil || skipped[count - 1]["error"] != nil)
        }
        let lacking = try shell("printf 'a,b\\n1,2\\n' | knas predict $M --format csv")
        #expect(lacking.code == 65 && lacking.error.contains("text"), "\(lacking.error)")
        #expect(try shell("printf '' | knas predict $M --format csv").code == 0)
        #expect(try shell("knas predict $M --text body < /dev/null").code == 64)
    }

    @Test("--abstain gives the classes that remain; the label is null where not exactly one does")
    func abstains() throws {
        let texts = "printf 'a good day\\nbad idea\\nquick fox\\ngood bad\\n'"
        var sizes: [Int] = []
        for share in ["0.02", "0.2", "0.6"] {
            let answers = try answers("\(texts) | knas predict $M --abstain \(share)")
            #expect(answers.count == 4)
            for answer in answers {
                let set = try #require(answer["set"] as? [String])
                #expect(answer.keys.contains("label"))
                #expect(answer["label"] as? String == (set.count == 1 ? set[0] : nil))
                let probabilities = try #require(answer["probabilities"] as? [String: Double])
                let least = set.compactMap { probabilities[$0] }.min() ?? 1
                #expect(probabilities.allSatisfy { set.contains($0.key) || $0.value < least })
            }
            sizes.append(answers.compactMap { ($0["set"] as? [String])?.count }.reduce(0, +))
        }
        #expect(sizes == sizes.sorted(by: >), "\(sizes)")
        #expect(try answers("\(texts) | knas predict $M").allSatisfy { $0["set"] == nil })
        for (share, code, words) in [
            ("0.001", 65, "80 held-out rows promise 0.013 at best"), ("0", 64, "between 0 and 1"),
            ("1", 64, "between 0 and 1"), ("nan", 64, "between 0 and 1"),
        ] as [(String, Int32, String)] {
            let outcome = try shell("\(texts) | knas predict $M --abstain \(share)")
            #expect(outcome.code == code && outcome.output.isEmpty, "\(outcome.error)")
            #expect(outcome.error.contains(words), "\(outcome.error)")
        }
    }

    @Test("an answer says how familiar the text is")
    func familiarity() throws {
        let answers = try answers("printf 'a good day\\nzq zq zq xj\\n' | knas predict $M")
        for answer in answers {
            let familiarity = try #require(answer["familiarity"] as? Double)
            #expect(familiarity > 0 && familiarity <= 1)
            #expect(answer["outlier"] as? Bool == (familiarity <= 0.05))
        }
    }

    @Test("a model of an earlier version answers, and says what --abstain lacks")
    func abstainsNot() throws {
        let old = directory.appendingPathComponent("old-model")
        try FileManager.default.copyItem(at: run.model, to: old)
        let url = old.appendingPathComponent("config.json")
        var object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
        #expect(object.removeValue(forKey: "conformal") != nil)
        try JSONSerialization.data(withJSONObject: object).write(to: url)
        #expect(try shell("echo 'a good day' | knas predict old-model").code == 0)
        let outcome = try shell("echo 'a good day' | knas predict old-model --abstain 0.1")
        #expect(outcome.code == 65 && outcome.error.contains("--resume"), "\(outcome.error)")
    }

    @Test("an encoder is given by name or path, as to a search; a missing one is named")
    func encoder() throws {
        let home = directory.appendingPathComponent("store")
        let encoders = home.appendingPathComponent("encoders")
        try FileManager.default.createDirectory(at: encoders, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: run.workspace.encoder, to: encoders.appendingPathComponent("tiny"))
        let expected = try shell("echo 'a good day' | knas predict $M").output
        for line in [
            "KNAS_HOME=store knas predict $M --encoder tiny",
            "KNAS_HOME=. knas predict $M --encoder store/encoders/tiny",
            "cd store/encoders; KNAS_HOME=/nowhere knas predict $M --encoder tiny",
        ] {
            let outcome = try shell("echo 'a good day' | (\(line))")
            #expect(outcome.output == expected, "\(line): \(outcome.error)")
        }
        let missing = try shell("echo a | KNAS_HOME=/nowhere knas predict $M --encoder tiny")
        #expect(missing.code == 66 && missing.error.contains("not installed"))
        // A model says nothing about this machine; where its encoder lies is in the cache.
        let configuration = try run.text("model/config.json")
        #expect(!configuration.contains(directory.path))
        let forgotten = try shell("cd /; echo a | KNAS_CACHE=/nowhere knas predict $M")
        #expect(forgotten.code == 66 && forgotten.error.contains("--encoder"))
    }
}
