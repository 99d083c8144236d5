import Foundation
import Support
import Testing

@testable import Tasks

/// Labels that are probably not what was meant.
@Suite struct LabelTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func load(_ labels: [String], list: String = "") throws -> Dataset {
        func rows(_ prefix: String) -> String {
            "text,label\n" + labels.enumerated().map { "\(prefix) \($0),\"\($1)\"\n" }.joined()
        }
        for split in ["train", "dev", "test"] {
            try workspace.write(rows(split), "\(split).csv")
        }
        return try workspace.load(
            """
            columns: {text: text, label: label}
            splits: {train: train.csv, dev: dev.csv, test: test.csv}
            \(list)
            """)
    }

    @Test(
        "labels that look the same are named, and by what they differ",
        arguments: [
            ("refund", "Refund", "`Refund` and `refund` differ by case only"),
            ("re fund", "re  fund", "`re  fund` and `re fund` differ by white space only"),
            (
                "refund", "re\u{200b}fund",
                "`refund` and `re\\u{200B}fund` differ by characters that"
            ),
            ("re fund", "re\u{a0}fund", "`re\\u{A0}fund` differ by white space only"),
            ("file", "\u{fb01}le", "`file` and `\u{fb01}le` differ by Unicode normal form only"),
        ])
    func similar(first: String, second: String, expected: String) throws {
        let set = try load([first, second, "other"])
        let warnings = set.report.warnings
        #expect(warnings.count == 1 && warnings[0].contains(expected), "\(warnings)")
        #expect(warnings[0].hasSuffix("different classes") && set.labels.count == 3)
        #expect(set.report.similarLabels.count == 1)
    }

    @Test("labels of two normal forms are one class, and a warning says so")
    func normalForms() throws {
        let set = try load(["caf\u{e9}", "cafe\u{301}", "other"])
        #expect(set.labels.count == 2)
        #expect(set.report.warnings.contains { $0.hasSuffix("read as one class") })
        #expect(set.report.similarLabels[0].areOneClass)
    }

    @Test("classes without rows of a split are one line, however many")
    func missing() throws {
        let names = (100..<205).map { "class \($0)" }
        _ = try load(names)
        try workspace.write("text,label\nt,class 100\n", "test.csv")
        let set = try workspace.load(
            """
            columns: {text: text, label: label}
            splits: {train: train.csv, dev: dev.csv, test: test.csv}
            """)
        let warnings = set.report.warnings
        #expect(warnings.count == 1 && warnings[0].hasPrefix("test has no rows of 104 classes: "))
        #expect(warnings[0].hasSuffix("`class 105` and 99 more"))
        #expect(set.report[.test].labelCounts.count { $0 == 0 } == 104)
    }

    @Test("a listed class without rows names the labels that the rows have")
    func otherSpelling() throws {
        let error = try message {
            _ = try load(["refund", "praise"], list: "labels: [Refund, praise]")
        }
        #expect(error.contains("unknown label `refund`") && error.contains("mean `Refund`?"))
        let skipped = try message {
            _ = try Dataset.load(
                workspace.definition(
                    String(
                        contentsOf: workspace.url.appendingPathComponent("task.yml"),
                        encoding: .utf8)),
                dataDirectory: nil, options: .init(skipBadRows: true))
        }
        #expect(
            skipped.contains(
                "1 row has the label `refund`, which is not listed; is it the class `Refund`?"))
    }

    @Test("one class in train is said before anything about the labels of test")
    func oneClass() throws {
        _ = try? load(["refund", "praise"])
        try workspace.write("text,label\na,refund\nb,refund\n", "train.csv")
        let error = try message {
            _ = try workspace.load(
                """
                columns: {text: text, label: label}
                splits: {train: train.csv, dev: dev.csv, test: test.csv}
                """)
        }
        #expect(error.contains("one-class train set") && !error.contains("unknown"), "\(error)")
    }

    @Test("controls and marks of direction cannot reach a terminal, nor invisible ones a message")
    func revealed() {
        let text = "a\u{1b}[31mb\u{9b}c\u{202e}d\n\te\u{200b}"
        #expect(text.safeForTerminal == "a\\u{1B}[31mb\\u{9B}c\\u{202E}d\n\te\u{200b}")
        #expect(text.revealed == "a\\u{1B}[31mb\\u{9B}c\\u{202E}d\\n\\te\\u{200B}")
        #expect("👩\u{200d}💻 é 漢".revealed == "👩\u{200d}💻 é 漢")
        #expect("plain".safeForTerminal == "plain")
    }
}
