import Foundation
import Metrics
import Support
import Testing

@testable import Tasks

/// Rows with several labels, and rows with numbers.
@Suite struct TargetTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func load(
        _ train: String, test: String = "text,label\nt,a\n", _ format: String = "csv",
        more: String = "multi-label: true", options: Dataset.Options = .init()
    ) throws -> Dataset {
        try workspace.write(train, "train.\(format)")
        try workspace.write(test, "test.\(format)")
        return try workspace.load(
            """
            columns: {text: text, label: label}
            splits: {train: train.\(format), dev: {from: train, rows: 1}, test: test.\(format)}
            \(more)

            """, options: options)
    }

    private func targets(_ set: Dataset) -> [String: Target] {
        Dictionary(uniqueKeysWithValues: (set.train + set.dev).map { ($0.text, $0.target) })
    }

    private func failure(
        _ train: String, test: String = "text,label\nt,a\n", more: String = "multi-label: true"
    ) throws -> String {
        try message { _ = try load(train, test: test, more: more) }
    }

    @Test(
        "the separator is guessed of | ; , and said; an empty field is no label",
        arguments: ["|", ";", ","])
    func separators(separator: String) throws {
        let set = try load(
            "text,label\none,\"a\(separator)b\"\ntwo,\nthree, b \nfour,\"b\(separator) a\"\nfive,a\n"
        )
        #expect(set.labels.map(\.value) == ["a", "b"] && set.targets == .labels(2))
        let targets = targets(set)
        #expect(targets["one"] == .labels([0, 1]) && targets["four"] == .labels([0, 1]))
        #expect(targets["two"] == .labels([]) && targets["three"] == .labels([1]))
        #expect(set.report.notes.contains { $0.contains("separated by `\(separator)`") })
        #expect(set.metrics == [.microF1, .macroF1, .averagePrecision])
    }

    @Test("a given separator is taken, and others are part of labels")
    func given() throws {
        let set = try load(
            "text,label\none,a|b/c\ntwo,c\nthree,a|b\n", test: "text,label\nt,a|b\n",
            more: "multi-label: true\nseparator: /")
        #expect(set.labels.map(\.value) == ["a|b", "c"])
    }

    @Test("lists in JSON are labels: in a JSON file, and in a field of a table")
    func lists() throws {
        let json = try load(
            """
            {"text": "one", "label": ["b", "a"]}
            {"text": "two", "label": []}
            {"text": "three", "label": "a"}
            {"text": "four", "label": [1, "a", true]}
            """, test: "{\"text\": \"t\", \"label\": [\"a\"]}\n", "jsonl")
        #expect(json.labels.map(\.value) == ["1", "a", "b", "true"])
        #expect(targets(json)["one"] == .labels([1, 2]) && targets(json)["two"] == .labels([]))
        let table = try load(
            "text,label\none,\"[\"\"a,x\"\", \"\"b\"\"]\"\ntwo,[]\nthree,\"[\"\"b\"\"]\"\n",
            test: "text,label\nt,\"[\"\"b\"\"]\"\n")
        #expect(table.labels.map(\.value) == ["a,x", "b"])
        #expect(targets(table)["one"] == .labels([0, 1]))
    }

    @Test("a label that is named twice counts once, and that is said")
    func duplicates() throws {
        let set = try load("text,label\none,a;b;a\ntwo,b\nthree,a\n")
        #expect(targets(set)["one"] == .labels([0, 1]))
        #expect(set.report.notes.contains { $0.contains("1 row names a label twice") })
    }

    @Test("rows whose labels cannot be read are bad rows, each with its line")
    func badRows() throws {
        #expect(
            try failure("text,label\none,a;b\ntwo,a;;b\n").contains(
                ":3: column 2 (`label`): the label"))
        #expect(
            try failure("text,label\none,a;b\ntwo,\"['a', 'b']\"\n").contains(
                "expected a JSON list"))
        let listed = try failure(
            "text,label\none,a;b\ntwo,a;c\n", more: "multi-label: true\nlabels: [a, b]")
        #expect(listed.contains("unknown label `c`: expected one of `a`, `b`"))
        let json = try message {
            _ = try load(
                "{\"text\": \"x\", \"label\": [\"a\", null]}\n{\"text\": \"y\", \"label\": null}\n",
                test: "{\"text\": \"t\", \"label\": []}\n", "jsonl")
        }
        #expect(json.contains("expected a list of labels, found null in it"))
        #expect(json.contains("expected a list of labels, or a string, found null"))
        let skipped = try load(
            "text,label\none,a;b\ntwo,a;;b\nthree,b\nfour,a\n", options: .init(skipBadRows: true))
        #expect(skipped.train.count + skipped.dev.count == 3)
    }

    @Test("one label, or none at all, is nothing to learn")
    func fewLabels() throws {
        #expect(try failure("text,label\none,a\ntwo,\nthree,a\n").contains("the only label"))
        #expect(
            try failure("text,label\none,\ntwo,\nthree,\n").contains("no training row has a label"))
    }

    @Test("numbers are read as they are, and their mean and deviation are those of train")
    func numbers() throws {
        let set = try load(
            "text,label\none,1\ntwo,-2.5e0\nthree,+3\nfour,.5\nfive,1e-300\n",
            test: "text,label\nt,4\n", more: "target: number")
        #expect(set.labels.isEmpty && set.metrics == [.pearson, .spearman])
        let train = set.train.compactMap(\.target.value)
        #expect(set.targets == .number(NumberScale(of: train)))
        #expect(targets(set)["two"] == .number(-2.5))
    }

    @Test(
        "what is not a finite number is a bad row",
        arguments: ["nan", "inf", "1e999", "\"3,5\"", "0x10", "three", "1 000", "--1", "1e31"])
    func badNumbers(text: String) throws {
        let error = try failure(
            "text,label\none,1\ntwo,\(text)\nthree,2\n", more: "target: number")
        #expect(error.contains(":3: column 2 (`label`): expected a number"), "\(error)")
        #expect(error.contains("decimal point") == text.contains(","))
    }

    @Test("an empty number is bad, and equal ones are nothing to learn")
    func emptyNumbers() throws {
        #expect(
            try failure("text,label\none,1\ntwo,\n", more: "target: number")
                .contains("the label is empty"))
        #expect(
            try failure(
                "text,label\none,1\ntwo,1.0\n", test: "text,label\nt,4\n", more: "target: number"
            )
            .contains("every training row has the number 1.0"))
    }

    @Test(
        "keys that mean nothing for the targets are refused",
        arguments: [
            ("separator: \";\"", "`separator` is for rows with several labels"),
            ("multi-label: true\npositive: a", "`positive` is for rows with one class"),
            ("target: number\nlabels: [a, b]", "`labels` is for rows with classes"),
            ("target: number\nmulti-label: true", "contradicts `target: number`"),
            ("target: number\nmetrics: [accuracy]", "expected one of pearson, spearman"),
            ("metrics: [micro-f1]", "means nothing for `target: class`"),
            ("multi-label: true\nseparator: ab", "`separator` must be one character"),
            ("multi-label: true\nseparator: \";\"\nlabels: [\"a;b\", c]", "holds the separator"),
            ("target: numbers", "`target` must be"),
        ])
    func keys(more: String, expected: String) throws {
        let error = try failure("text,label\none,a\ntwo,b\n", more: more)
        #expect(error.contains(expected), "\(error)")
    }

    @Test("dev and limits have their share of every label and of low and high numbers")
    func draws() throws {
        let rows = (0..<40).map { "row \($0),\($0)" }.joined(separator: "\n")
        let set = try load(
            "text,label\n\(rows)\n", test: "text,label\nt,4\n", more: "target: number\nlimit: 20")
        let fifths = Dictionary(grouping: set.train.compactMap(\.target.value)) { Int($0 / 8) }
        #expect(set.train.count == 20 && fifths.count == 5)
        #expect(fifths.values.allSatisfy { (3...5).contains($0.count) })
    }
}
