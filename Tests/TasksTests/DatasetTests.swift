import Foundation
import Metrics
import Support
import Testing

@testable import Tasks

@Suite struct DatasetTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let good = "text\tlabel\na\tno\nb\tyes\n"

    @Test("the report counts rows, classes, lengths, duplicates and contradictions")
    func report() throws {
        let set = try workspace.train(
            "text\tlabel\naé𝄞\tno\nb\tyes\nb\tyes\nb\tno\ncccccccccc\tyes\n", "tsv")
        let report = set.report[.train]
        #expect(report.rows == 5 && report.skipped == 0 && report.leftOut == 0)
        #expect(report.labelCounts == [2, 3])
        #expect(report.textLengths?.minimum == 1 && report.textLengths?.median == 1)
        #expect(report.textLengths?.upperQuartile == 3 && report.textLengths?.maximum == 10)
        #expect(report.pairLengths == nil)
        #expect(report.duplicates == 2 && report.contradictions == 1)
        #expect(set.report.splits.map(\.split) == [.train, .dev, .test])
        #expect(set.report.warnings.count == 1)
        #expect(set.metrics == [.accuracy, .macroF1, .mcc] && set.positiveLabel == nil)
    }

    @Test("a test row that is word for word in train is reported as leakage, not as an error")
    func leakage() throws {
        let set = try workspace.train("text\tlabel\nt one\tyes\nb\tno\nt two\tyes\n", "tsv")
        #expect(set.report.overlaps == [.init(split: .test, other: .train, rows: 2)])
        #expect(
            set.report.warnings == ["leakage: 2 test rows appear word for word in train"])
    }

    @Test("a pair leaks only as a pair")
    func pairLeakage() throws {
        try workspace.write("x\ty\tl\na\tb\t0\nc\td\t1\n", "train.tsv")
        try workspace.write("x\ty\tl\na\td\t0\nb\ta\t1\n", "dev.tsv")
        try workspace.write("x\ty\tl\na\tb\t1\n", "test.tsv")
        let set = try workspace.load(
            """
            columns: {text: x, pair: y, label: l}
            splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}
            labels: ["0": differs, "1": same]
            positive: same
            """)
        #expect(set.report.overlaps == [.init(split: .test, other: .train, rows: 1)])
        #expect(set.train[0] == Example(text: "a", pair: "b", label: 0))
        #expect(set.pairing == .siamese && set.positiveLabel == 1)
        #expect(set.metrics == [.accuracy, .f1, .macroF1, .mcc])
        #expect(set.report.warnings.contains("test has no rows of class `differs`"))
    }

    @Test("the first metric is what is selected by; without any that is accuracy")
    func criterion() throws {
        func load(_ more: String) throws -> Dataset {
            try workspace.train(Self.good, "tsv", more: more)
        }
        #expect(try load("").criterion == .accuracy)
        #expect(try load("positive: \"no\"").criterion == .accuracy)
        #expect(try load("metrics: [mcc, accuracy]").criterion == SelectionCriterion(.mcc))
        let f1 = try load("positive: \"no\"\nmetrics: [f1, accuracy]")
        #expect(f1.criterion == SelectionCriterion(.f1, positive: 0))
        #expect(f1.metrics == [.f1, .accuracy])
        // F1 of one of three classes, that class against the others.
        try workspace.writeSplits("tsv", train: Data((Self.good + "c\tmaybe\n").utf8))
        let three = """
            columns: {text: text, label: label}
            splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}
            positive: "no"

            """
        let shown = try workspace.load(three)
        #expect(shown.positiveLabel == 1 && shown.metrics == [.accuracy, .f1, .macroF1, .mcc])
        let chosen = try workspace.load(three + "metrics: [f1]")
        #expect(chosen.criterion == SelectionCriterion(.f1, positive: 1))
    }

    @Test("classes that are not listed are the sorted values of train")
    func inferredLabels() throws {
        try workspace.write("text,label\na,zebra\nb,ape\nc,Bee\n", "train.csv")
        try workspace.write("text,label\nd,ape\n", "dev.csv")
        try workspace.write("text,label\ne,zebra\n", "test.csv")
        let yaml = """
            columns: {text: text, label: label}
            splits: {train: train.csv, dev: dev.csv, test: test.csv}

            """
        let set = try workspace.load(yaml)
        #expect(set.labels.map(\.value) == ["Bee", "ape", "zebra"])
        #expect(set.train.map(\.label) == [2, 1, 0])
        #expect(set.dev.map(\.label) == [1] && set.test.map(\.label) == [2])

        try workspace.write("text,label\ne,zebr\n", "test.csv")
        let error = try message { _ = try workspace.load(yaml) }
        #expect(error.contains("unknown label `zebr`") && error.contains("mean `zebra`?"))
        #expect(
            try message { _ = try workspace.load(yaml + "positive: bear") }
                .contains("unknown label"))
        try workspace.write("text,label\ne,zebra\n", "test.csv")
        #expect(
            try message { _ = try workspace.load(yaml + "positive: bear") }
                .contains("`positive` is `bear`; expected one of `Bee`, `ape`, `zebra`"))

        let rows = (0..<300).map { "x,\($0)\n" }
        try workspace.write("text,label\n" + rows.joined(), "train.csv")
        try workspace.write("text,label\nd,1\n", "dev.csv")
        try workspace.write("text,label\ne,2\n", "test.csv")
        #expect(
            try message { _ = try workspace.load(yaml) }.contains(
                "the label column `label` has 300 different values, more than 256"))
    }

    @Test(
        "what is wrong with a train file as a whole is reported",
        arguments: [
            ("", "the file of split train is empty"),
            ("\n\n", "split train has no rows"),
            ("text\tlabel\n", "split train has no rows"),
            ("text\tlabel\n\r\n\r\n", "split train has no rows"),
            ("text\tlabel\na\tno\nb\tno\n", "one-class train set: every row has the label `no`"),
        ])
    func wholeFile(text: String, expected: String) throws {
        let error = try message { _ = try workspace.train(text, "tsv") }
        #expect(error.contains(expected), "\(error)")
    }

    @Test("a listed class without training rows is an error")
    func missingClass() throws {
        try workspace.writeSplits("tsv", train: Data(Self.good.utf8))
        let yaml = singleTask("tsv").replacingOccurrences(of: "\"yes\"]", with: "\"yes\", maybe]")
        #expect(
            try message { _ = try workspace.load(yaml) }.contains(
                "no training rows for 1 of the listed classes: `maybe`"))
    }

    @Test("a split whose every row is bad has no rows, and the first is reported")
    func allBad() throws {
        let error = try message {
            _ = try workspace.train(
                "text\tlabel\na\tx\nb\ty\n", "tsv", options: .init(skipBadRows: true))
        }
        #expect(error.contains("2 bad rows were skipped, the first: "), "\(error)")
    }

    @Test("a missing file is reported with its split, the task's files and their source")
    func missingFile() throws {
        try workspace.write(Self.good, "train.tsv")
        let task = try workspace.definition(singleTask("tsv", more: "source: the moon"))
        do {
            _ = try Dataset.load(task, dataDirectory: nil)
            Issue.record("nothing was thrown")
        } catch let error as TaskError {
            #expect(error.kind == .missingFile)
            let text = error.description
            #expect(text.contains("/dev.tsv: no such file; task task reads its dev rows from it"))
            #expect(text.contains("--data") && text.contains("source of the data: the moon"))
            #expect(text.contains("train.tsv, dev.tsv, test.tsv"))
        }
    }

    @Test("files of the same content, or one file by two names, are refused")
    func sameData() throws {
        try workspace.writeSplits("tsv", train: Data(Self.good.utf8))
        try workspace.write(Self.good, "test.tsv")
        #expect(
            try message { _ = try workspace.load(singleTask("tsv")) }.contains(
                "splits train and test read the same rows"))
        let test = workspace.url.appendingPathComponent("test.tsv")
        try FileManager.default.removeItem(at: test)
        try FileManager.default.createSymbolicLink(
            at: test, withDestinationURL: workspace.url.appendingPathComponent("train.tsv"))
        #expect(
            try message { _ = try workspace.load(singleTask("tsv")) }.contains("the same rows"))
    }

    @Test("the data directory takes the place of the task file's directory")
    func dataDirectory() throws {
        for split in ["train", "dev", "test"] {
            try workspace.write("text\tlabel\n\(split)\tno\nb\tyes\n", "data/\(split).tsv")
        }
        let task = try workspace.definition(singleTask("tsv"))
        let set = try Dataset.load(
            task, dataDirectory: workspace.url.appendingPathComponent("data"))
        #expect(set.train.map(\.text) == ["train", "b"])
    }

    @Test("the digest changes with data and with what chooses examples, and with nothing else")
    func digest() throws {
        let rows = (0..<40).map { "row \($0)\t\($0 % 2 == 0 ? "no" : "yes")\n" }
        let data = "text\tlabel\n" + rows.joined()
        func digest(
            _ more: String = "", _ text: String? = nil, _ options: Dataset.Options = .init()
        ) throws -> String {
            try workspace.train(text ?? data, "tsv", more: more, options: options).digest
        }
        let base = try digest()
        #expect(base.count == 64)
        for more in ["name: x", "description: y", "metrics: [mcc]", "positive: \"yes\""] {
            #expect(try digest(more) == base)
        }
        #expect(try digest("", nil, .init(skipBadRows: true)) == base)
        let others = try [
            digest("limit: 10"), digest("limit: {rows: 10, seed: 2}"), digest("max-tokens: 9"),
            digest("", data + "x\tno\n"), digest("", nil, .init(maximumTokens: 10)),
        ]
        #expect(Set(others + [base]).count == others.count + 1)
    }
}
