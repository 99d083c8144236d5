import Foundation
import Support
import Testing

@testable import Tasks

/// Delimiters, several files, nested JSON: the same rows, however they are written.
@Suite struct TableTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static func table(_ delimiter: String) -> String {
        [["text", "label"], ["a, b", "no"], ["\"c\(delimiter) d\"", "yes"], ["e", "no"]]
            .map { $0.joined(separator: delimiter) }.joined(separator: "\n")
    }

    @Test("a delimiter other than the comma is guessed and said; one that is given is taken")
    func delimiters() throws {
        for (delimiter, name) in [(";", "semicolon"), ("\t", "tab"), ("|", "pipe")] {
            let guessed = try workspace.train(Self.table(delimiter), "csv")
            #expect(guessed.train.map(\.text) == ["a, b", "c\(delimiter) d", "e"])
            #expect(guessed.report.notes.count == 1)
            #expect(guessed.report.notes[0].contains("taken to be the \(name)"))
        }
        for written in ["\"^\"", "'^'", "^"] {
            try workspace.write(Self.table("^"), "train.csv")
            try workspace.write("text^label\nd^no\nd2^yes\n", "dev.csv")
            try workspace.write("text^label\nt^no\nt2^yes\n", "test.csv")
            let set = try workspace.load(singleTask("csv", more: "delimiter: \(written)"))
            #expect(set.train.map(\.text) == ["a, b", "c^ d", "e"] && set.report.notes.isEmpty)
        }
        let declared = try workspace.train("sep=;\r\n" + Self.table(";"), "csv")
        #expect(declared.train.map(\.text) == ["a, b", "c; d", "e"])
        // With a comma that fits there is nothing to guess.
        let comma = try workspace.train("text,label\na;b,no\nc;d,yes\n", "csv")
        #expect(comma.train.map(\.text) == ["a;b", "c;d"] && comma.report.notes.isEmpty)
    }

    @Test("without a header the delimiter that gives every row the same columns is guessed")
    func headless() throws {
        for split in ["train", "dev", "test"] {
            try workspace.write("\(split), a;no\n\(split) b;yes\n", "\(split).csv")
        }
        let set = try workspace.load(
            singleTask("csv", more: "header: false").replacingOccurrences(
                of: "text: text, label: label", with: "text: 1, label: 2"))
        #expect(set.train.map(\.text) == ["train, a", "train b"])
    }

    @Test(
        "what cannot be a delimiter is refused",
        arguments: ["ab", "\"\\\"\"", "\"\\n\"", "a", "1", "é", "\" \""])
    func badDelimiters(text: String) throws {
        let error = try message {
            _ = try workspace.definition(singleTask("csv", more: "delimiter: \(text)"))
        }
        #expect(error.contains("`delimiter` must be one character"), "\(error)")
    }

    @Test("the rows of several files follow one another, and every bad row has its file")
    func severalFiles() throws {
        try workspace.writeSplits("csv", train: Data("text,label\na,no\nb,yes\n".utf8))
        try workspace.write("{\"text\": \"c\", \"label\": \"no\"}", "more.jsonl")
        let yaml = singleTask("csv").replacingOccurrences(
            of: "train: train.csv", with: "train: [train.csv, more.jsonl]")
        let set = try workspace.load(yaml)
        #expect(set.train.map(\.text) == ["a", "b", "c"])
        #expect(set.report[.train].file.contains("train.csv, "))
        try workspace.write("{\"text\": \"c\", \"label\": 7}", "more.jsonl")
        let error = try message { _ = try workspace.load(yaml) }
        #expect(error.contains("more.jsonl:1: key `label`: unknown label `7`"), "\(error)")
        try workspace.write("text,label\nt one,no\nt two,yes\n", "more.csv")
        let leak = try message {
            _ = try workspace.load(yaml.replacingOccurrences(of: "more.jsonl", with: "more.csv"))
        }
        #expect(leak.contains("splits train and test read the same rows"), "\(leak)")
    }

    @Test("keys of objects in objects are reached by a path; a key with dots comes first")
    func nested() throws {
        try workspace.writeSplits("jsonl", train: Data())
        let yaml = singleTask("jsonl").replacingOccurrences(
            of: "text: text, label: label", with: "text: data.texts.1, label: meta.label")
        for split in ["train", "dev", "test"] {
            try workspace.write(
                """
                {"data": {"texts": ["x", "\(split) a"]}, "meta": {"label": "no"}}
                {"meta.label": "yes", "data": {"texts": [1, "\(split) b"]}, "meta": {"label": "no"}}
                """, "\(split).jsonl")
        }
        let set = try workspace.load(yaml)
        #expect(set.train.map(\.text) == ["train a", "train b"])
        #expect(set.train.map(\.label) == [0, 1])
        try workspace.write("{\"a\": {\"b\": []}, \"meta\": {\"lable\": 1}}", "train.jsonl")
        let error = try message { _ = try workspace.load(yaml) }
        #expect(
            error.contains("key `data.texts.1`: missing; there is `a.b`, `meta.lable`"),
            "\(error)")
    }

    @Test("an array of objects is a file of rows, and one bad element costs one row")
    func array() throws {
        let rows =
            "{\"text\": \"a\", \"label\": \"no\"},\n {\"text\": \"]\\\"}\", \"label\": \"yes\"}"
        try workspace.writeSplits("json", train: Data(" [\(rows)]\n".utf8))
        for split in ["dev", "test"] {
            try workspace.write("[{\"text\": \"\(split)\", \"label\": \"no\"}]", "\(split).json")
        }
        let set = try workspace.load(singleTask("json"))
        #expect(set.train == [Example(text: "a", label: 0), Example(text: "]\"}", label: 1)])
        func bad(_ text: String) throws -> [String] {
            try workspace.write(text, "train.json")
            do {
                _ = try workspace.load(singleTask("json"))
            } catch TaskError.badRows(let rows, _) {
                return rows.map { "\($0.line): \($0.reason)" }
            }
            return []
        }
        #expect(
            try bad(
                "[\n\(rows),\n{\"text\": \"c\",\n \"label\": \"no\",},\n{\"text\": \"d\"}, 3\n]")
                == [
                    "4: not valid JSON: expected a string at byte 16 of line 5",
                    "6: missing; there is `text`", "6: expected a JSON object",
                ])
        let ends = [
            "[\(rows),]": "a comma before the end of the array",
            "[\(rows)": "the array that begins the file is never closed",
            "[\(rows)] 1": "expected the end after the array, found more text",
            "[\(rows),,\(rows)]": "expected a value before the comma",
        ]
        for (text, problem) in ends {
            #expect(try bad(text) == ["2: not valid JSON: \(problem)"], "\(text)")
        }
        #expect(
            try bad("[\(rows), {\"text\": \"c")
                == ["2: not valid JSON: the text ends inside a string at byte 47 of line 2"])
        let spread = try message {
            _ = try workspace.write("{\n \"text\": \"a\"\n}\n", "train.json")
            _ = try workspace.load(singleTask("json"))
        }
        #expect(spread.contains("JSON objects over several lines") && spread.contains("jq -c"))
    }

    @Test("one table gives the same examples and classes as CSV, as TSV and as JSON lines")
    func sameClasses() throws {
        let labels = ["1", "1.0", "1e2", "true", "12345678901234567890123", " x "]
        let rows = labels.enumerated().map { (text: "text \($0)", label: $1) }
        var sets: [Dataset] = []
        let yaml = """
            columns: {text: text, label: label}
            splits: {train: train.F, dev: dev.F, test: {from: train, rows: 1}}
            """
        for format in ["csv", "tsv", "jsonl"] {
            for (split, prefix) in [("train", ""), ("train", "again "), ("dev", "dev ")] {
                let lines = rows.map { text, label in
                    switch format {
                    case "csv": "\(prefix)\(text),\(label)"
                    case "tsv": "\(prefix)\(text)\t\(label)"
                    default:
                        "{\"text\": \"\(prefix)\(text)\", \"label\": "
                            + (label == " x " ? "\"\(label)\"" : label) + ", \"n\": NaN}"
                    }
                }
                let url = workspace.url.appendingPathComponent("\(split).\(format)")
                let header =
                    format == "jsonl" ? "" : format == "csv" ? "text,label\n" : "text\tlabel\n"
                let before =
                    prefix == "again " ? try String(contentsOf: url, encoding: .utf8) : header
                try workspace.write(
                    before + lines.joined(separator: "\n") + "\n", "\(split).\(format)")
            }
            sets.append(try workspace.load(yaml.replacingOccurrences(of: ".F", with: ".\(format)")))
        }
        #expect(
            sets[0].labels.map(\.value) == [
                "1", "1.0", "12345678901234567890123", "1e2", "true", "x",
            ])
        for set in sets.dropFirst() {
            #expect(set.labels == sets[0].labels && set.train == sets[0].train)
        }
    }

    @Test("numbers that nobody asks for may have any size; in a label they are named")
    func numbers() throws {
        let set = try workspace.train(
            """
            {"text": "a", "label": "no", "n": 1e999, "m": [NaN, -Infinity, {"o": Infinity}]}
            {"text": "b", "label": "yes", "n": 123456789012345678901234567890}
            """, "jsonl")
        #expect(set.train.count == 2)
        let rows = try workspace.badRows(
            """
            {"text": "a", "label": NaN}
            {"text": NaN, "label": "no"}
            {"text": "a", "label": "no", "n": nan}
            {"text": "a", "label": "no",}
            {"text": "a", "label": "n\\u0000o"}
            {"text": "a", "label": "no", "n": {"k": 1, "k": 2}}
            {"text": "\\u200b\\u00a0", "label": "no"}
            """, "jsonl")
        #expect(
            rows.map { "\($0.column?.name ?? "-"): \($0.reason)" } == [
                "label: expected a string, a number, true or false, found NaN",
                "text: expected a string, found NaN",
                "-: not valid JSON: expected 'null' at byte 36 of the line",
                "-: not valid JSON: expected a string at byte 29 of the line",
                "label: a NUL character",
                "k: not valid JSON: the name \"k\" appears twice in one object at byte 44 of the line",
                "text: the text is empty",
            ])
    }
}
