import Foundation
import Support
import Tasks
import Testing

/// Small good files, broken in 10,000 ways: each is read or refused, never crashes or hangs.
@Suite struct HostileFileTests {
    private static let tokens: [[UInt8]] =
        [
            "\t", "\n", "\r", "\r\n", "\"", "\"\"", ",", "{", "}", "[", "]", ":", ": ", "- ", "\\",
            "\\u",
            "*a", "&a ", "<<", "#", "'", "!!int ", "|", ">", "%", "@", "~", "null", "-1", "1e999",
            "?",
            "99999999999999999999", "\u{feff}", "\u{2028}", "\u{301}", "---\n", "...\n", "  ", "no",
            "yes",
        ].map { Array($0.utf8) } + [
            [0], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0x80], [0xf0, 0x9f],
        ]

    private static func mutate(_ bytes: [UInt8], times: Int, _ generator: inout SeededGenerator)
        -> [UInt8]
    {
        var bytes = bytes
        for _ in 0..<times {
            let at = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, at + Int.random(in: 0...12, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 2: bytes.insert(contentsOf: tokens.randomElement(using: &generator)!, at: at)
            case 3:
                bytes.replaceSubrange(at..<end, with: tokens.randomElement(using: &generator)!)
            case 4:
                if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &generator) }
            default: bytes.removeSubrange(at...)
            }
        }
        return bytes
    }

    private static let files = [
        "tsv":
            "\u{feff}text\tlabel\r\na \"b\" c\tno\r\nzwei é\tyes\r\n\r\nthree\tno\nfour\tyes",
        "csv":
            "text,label\r\n\"a, \"\"b\"\"\",no\r\nzwei é,yes\r\n\"three\nlines\n\",no\nfour,yes",
        "jsonl":
            "{\"text\": \"a \\\"b\\\"\", \"label\": \"no\"}\n"
            + "{\"label\": \"yes\", \"text\": \"\\u00e9\"}\n"
            + "{\"text\": \"c\", \"label\": \"no\", \"x\": [1, {\"y\": null}]}\n",
    ]

    @Test(
        "a mutated data file gives examples or a diagnosed error of bad input",
        arguments: ["tsv", "csv", "jsonl"])
    func data(format: String) throws {
        let workspace = try Workspace()
        let original = Array(Self.files[format]!.utf8)
        try workspace.writeSplits(format, train: Data(original))
        let task = try workspace.definition(singleTask(format))
        _ = try Dataset.load(task, dataDirectory: nil)
        var outcomes = (read: 0, refused: 0)
        for seed in 0..<2_500 {
            var generator = SeededGenerator(seed: seed)
            let bytes = Self.mutate(original, times: 1 + seed % 4, &generator)
            try workspace.write(Data(bytes), "train.\(format)")
            let skip = seed % 8 < 4
            do {
                let options = Dataset.Options(skipBadRows: skip, maximumLineBytes: 60)
                let set = try Dataset.load(task, dataDirectory: nil, options: options)
                outcomes.read += 1
                for example in set.train {
                    #expect(!example.text.isEmpty && !example.text.utf8.contains(0))
                    #expect(set.labels.indices.contains(example.label))
                }
                Self.check(set.report.badRows, bytes)
                #expect(skip || set.report.badRows.isEmpty)
            } catch let error as any DiagnosedError {
                outcomes.refused += 1
                #expect(error.kind == .badInput && !error.description.isEmpty, "\(error)")
                if case TaskError.badRows(let rows, let total) = error {
                    #expect(!skip && !rows.isEmpty && total == rows.count)
                    Self.check(rows, bytes)
                }
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        // The mutations are neither all harmless nor all fatal.
        #expect(outcomes.read > 50 && outcomes.refused > 100, "\(outcomes)")
    }

    private static func check(_ rows: [BadRow], _ bytes: [UInt8]) {
        // Without a line feed, carriage returns end lines.
        let end: UInt8 = bytes.contains(0x0a) ? 0x0a : 0x0d
        let lines = bytes.count { $0 == end } + 1
        #expect(rows.allSatisfy { (1...lines).contains($0.line) && !$0.description.isEmpty })
        #expect(rows.map(\.line) == rows.map(\.line).sorted())
    }

    @Test("a line that ends at the JSON decoder's deepest level is a bad row")
    func deepestLevel() throws {
        let workspace = try Workspace()
        let row = Data((String(repeating: "[", count: 513) + "\n").utf8)
        try workspace.writeSplits("jsonl", train: row)
        do {
            _ = try workspace.load(singleTask("jsonl"))
            Issue.record("no error")
        } catch TaskError.badRows(let rows, let total) {
            #expect(total == 1)
            #expect("\(rows)".contains("nested deeper than 256 levels"))
        }
    }

    @Test("a file of nothing but bad rows is counted in full and reported in part")
    func nothingButBadRows() throws {
        let workspace = try Workspace()
        let rows = String(repeating: "\"\"\n", count: 50_000)
        try workspace.writeSplits("csv", train: Data(("text,label\n" + rows).utf8))
        do {
            _ = try workspace.load(singleTask("csv"))
            Issue.record("no error")
        } catch TaskError.badRows(let rows, let total) {
            #expect(rows.count == 10_000)
            #expect(total == 50_000)
            #expect("\(TaskError.badRows(rows, total: total))".contains("50000 bad rows"))
        }
    }

    @Test("a mutated task file gives a definition or a diagnosed error of bad input")
    func yaml() throws {
        let workspace = try Workspace()
        let original = Array(
            """
            name: x
            description: >-
              two
              lines
            format: tsv
            columns: {text: "a b", pair: c, label: d}
            splits:
              train: a.tsv
              dev: {from: train, fraction: 0.1, seed: 1}
              test: b.tsv
            labels:
              - "0": different
              - "1": same
            positive: same
            metrics: [accuracy, f1]
            pairing: joint
            limit: {rows: 20}
            max-tokens: 64

            """.utf8)
        _ = try TaskDefinition.load(workspace.write(Data(original), "task.yml"))
        var outcomes = (read: 0, refused: 0)
        for seed in 0..<2_500 {
            var generator = SeededGenerator(seed: seed)
            let file = try workspace.write(
                Data(Self.mutate(original, times: 1 + seed % 4, &generator)), "task.yml")
            do {
                let task = try TaskDefinition.load(file)
                #expect(!task.columns.text.isEmpty && !task.train.isEmpty)
                outcomes.read += 1
            } catch let error as any DiagnosedError {
                #expect(error.kind == .badInput && !error.description.isEmpty, "\(error)")
                outcomes.refused += 1
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        #expect(outcomes.read > 50 && outcomes.refused > 100, "\(outcomes)")
    }
}
