import Foundation
import Testing

@testable import Tasks

/// The files of GLUE and SuperGLUE in their own layouts, read by the tasks of the repository.
@Suite("Benchmark files")
struct BenchmarkFileTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A task of the repository, whose dev split is small enough for a few rows.
    private func task(_ name: String, dev: Int = 2) throws -> TaskDefinition {
        var task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        task.dev = .carvedFromTrain(.init(.rows(dev)))
        return task
    }

    private func load(_ name: String) throws -> Dataset {
        try Dataset.load(task(name), dataDirectory: workspace.url)
    }

    /// Rows made by `row`, six for train and two for the file of the test split.
    private func write(
        train: String, test: String, header: (String, String)? = nil,
        row: (_ index: Int, _ isTest: Bool) -> String
    ) throws {
        let rows = [(0..<6).map { row($0, false) }, (6..<8).map { row($0, true) }]
        let head = [header?.0, header?.1]
        for (index, name) in [train, test].enumerated() {
            let lines = (head[index].map { [$0] } ?? []) + rows[index]
            try workspace.write(lines.joined(separator: "\n") + "\n", name)
        }
    }

    /// Between the texts of a row.
    private static func tabs(_ fields: [String]) -> String { fields.joined(separator: "\t") }

    @Test("CoLA has no header, the label in the second column and the sentence in the fourth")
    func cola() throws {
        try write(train: "train.tsv", test: "dev.tsv") { index, _ in
            Self.tabs(["gj04", "\(index % 2)", index % 2 == 0 ? "*" : "", "Sentence \"\(index)\"."])
        }
        let set = try load("cola")
        #expect(set[.test].map(\.text) == ["Sentence \"6\".", "Sentence \"7\"."])
        #expect(set.labels.map(\.name) == ["unacceptable", "acceptable"])
        #expect(set[.test].map(\.label) == [0, 1])
    }

    @Test("MNLI has 12 columns in train and 16 in dev, of which three are read")
    func mnli() throws {
        let before = [
            "index", "promptID", "pairID", "genre", "sentence1_binary_parse",
            "sentence2_binary_parse", "sentence1_parse", "sentence2_parse", "sentence1",
            "sentence2",
        ]
        func annotators(_ count: Int) -> [String] { (1...count).map { "label\($0)" } }
        let classes = ["contradiction", "neutral", "entailment"]
        for dev in ["dev_matched.tsv", "dev_mismatched.tsv"] {
            try write(
                train: "train.tsv", test: dev,
                header: (
                    Self.tabs(before + annotators(1) + ["gold_label"]),
                    Self.tabs(before + annotators(5) + ["gold_label"])
                )
            ) { index, isTest in
                let gold = classes[index % 3]
                let texts = [
                    "( a )", "( b )", "(ROOT)", "(ROOT)", "One \(index).", "Two \(index).",
                ]
                return Self.tabs(
                    ["\(index)", "1", "1n", "fiction"] + texts
                        + annotators(isTest ? 5 : 1).map { _ in gold } + [gold])
            }
        }
        for name in ["mnli", "mnli-mismatched"] {
            let set = try Dataset.load(task(name, dev: 3), dataDirectory: workspace.url)
            #expect(set[.test].map(\.text) == ["One 6.", "One 7."])
            #expect(set[.test].map(\.pair) == ["Two 6.", "Two 7."])
            #expect(set[.test].map(\.label) == [0, 1])
        }
    }

    @Test("QQP has two ids before its questions, and lines that are broken are skipped on demand")
    func qqp() throws {
        let header = Self.tabs(["id", "qid1", "qid2", "question1", "question2", "is_duplicate"])
        try write(train: "train.tsv", test: "dev.tsv", header: (header, header)) { index, _ in
            index == 2
                ? "133273\t213221\t213222\tHow do I"
                : Self.tabs(
                    ["\(index)", "1", "2", "Why \(index)?", "Why is \(index)?", "\(index % 2)"])
        }
        let set = try Dataset.load(
            task("qqp"), dataDirectory: workspace.url, options: .init(skipBadRows: true))
        #expect(set[.test].map(\.pair) == ["Why is 6?", "Why is 7?"])
        #expect(set.report.badRowCount == 1)
        #expect(set.labels.map(\.name) == ["different", "duplicate"])
    }

    @Test("BoolQ's labels are truth values; WiC's word comes before both of its sentences")
    func superGLUE() throws {
        try write(train: "train.jsonl", test: "val.jsonl") { index, _ in
            "{\"question\": \"is it \(index)\", \"passage\": \"It is \(index).\", \"idx\": \(index), "
                + "\"label\": \(index % 2 == 1), \"word\": \"place\", \"sentence1\": \"My place \(index).\", "
                + "\"sentence2\": \"In place \(index).\", \"start1\": 3, \"version\": 1.1}"
        }
        let questions = try load("boolq")
        #expect(questions[.test].map(\.text) == ["is it 6", "is it 7"])
        #expect(questions[.test].map(\.label) == [0, 1])
        let words = try load("wic")
        #expect(words[.test].map(\.text) == ["place: My place 6.", "place: My place 7."])
        #expect(words[.test].map(\.pair) == ["place: In place 6.", "place: In place 7."])
        #expect(words.digest != questions.digest)
    }

    @Test("columns of tables are joined like those of JSON; a column that is empty is named")
    func joined() throws {
        try workspace.writeSplits("csv", train: Data("word,text,label\na,b,no\nc,d,yes\n".utf8))
        for split in ["dev", "test"] {
            try workspace.write("text,label,word\n\(split),no,\"x, y\"\n,yes,z\n", "\(split).csv")
        }
        let yaml = """
            columns: {text: [word, text], label: label}
            splits: {train: train.csv, dev: dev.csv, test: test.csv}
            """
        let set = try workspace.load(yaml, options: .init(skipBadRows: true))
        #expect(set[.train].map(\.text) == ["a: b", "c: d"])
        #expect(set[.test].map(\.text) == ["x, y: test"])
        #expect(set.report.badRows.map(\.column) == [1, 1].map { .init(number: $0, name: "text") })
    }

    @Test("where files have other numbers of rows than those that are published, a warning says so")
    func published() throws {
        try workspace.writeSplits("tsv", train: Data("text\tlabel\na\tno\nb\tyes\nc\tno\n".utf8))
        let set = try workspace.load(singleTask("tsv", more: "rows: {train: 4, test: 2}\nlimit: 2"))
        #expect(
            set.report.publishedRows == [
                .init(split: .train, published: 4, found: 3),
                .init(split: .test, published: 2, found: 2),
            ])
        #expect(
            set.report.warnings == ["train: the files have 3 rows, those that are published 4"])
    }
}
