import Foundation
import Metrics
import Support
import Testing

@testable import Tasks

@Suite struct TaskDefinitionTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("all keys arrive where they belong")
    func everything() throws {
        let task = try workspace.definition(
            """
            name: mrpc
            description: pairs
            source: somewhere
            format: csv
            header: true
            columns: {text: "#1 String", pair: "#2 String", label: Quality}
            splits:
              train: a.txt
              dev: {from: train, fraction: 0.2, seed: 7}
              test: {from: train, rows: 30}
            labels: ["0": different, paraphrase]
            positive: paraphrase
            metrics: [f1, mcc, accuracy, macro-f1]
            pairing: joint
            limit: {rows: 500, seed: 3}
            max-tokens: 64
            rows: {train: 4076}
            submissions:
              - {rows: [t.tsv, u.csv], file: A.tsv, index: 4, header: false, text: [1, "2"], pair: 3}
              - {rows: t.csv, file: B.jsonl}
            """)
        #expect(task.publishedRows == [.train: 4076] && task.submissions.count == 2)
        let submission = task.submissions[0]
        #expect(submission.rows == ["t.tsv", "u.csv"] && submission.file == "A.tsv")
        #expect(submission.index == "4" && !submission.hasHeader && !submission.isJSON)
        #expect(submission.columns.textColumns == ["1", "2"])
        #expect(submission.columns.pairColumns == ["3"])
        #expect(task.submissions[1].columns == task.columns && task.submissions[1].isJSON)
        #expect(task.name == "mrpc" && task.description == "pairs" && task.source == "somewhere")
        #expect(task.format == .csv && task.hasHeader && task.pairing == .joint)
        #expect(task.columns == .init(text: "#1 String", pair: "#2 String", label: "Quality"))
        #expect(task.train == ["a.txt"])
        #expect(task.dev == .carvedFromTrain(.init(.fraction(0.2), seed: 7)))
        #expect(task.test == .carvedFromTrain(.init(.rows(30), seed: 1)))
        #expect(
            task.labels == [
                TaskLabel(value: "0", name: "different"), TaskLabel(value: "paraphrase"),
            ])
        #expect(task.positive == "paraphrase")
        #expect(task.metrics == [.f1, .mcc, .accuracy, .macroF1])
        #expect(task.limit == .init(.rows(500), seed: 3))
        #expect(task.maximumTokens == 64)
    }

    @Test("what is left out has a default")
    func defaults() throws {
        let task = try workspace.definition(
            """
            columns: {text: a, pair: b, label: 1}
            splits: {train: train.csv, test: test.tsv}
            limit: 20
            """)
        #expect(task.name == "task" && task.format == nil && task.hasHeader)
        #expect(task.dev == .carvedFromTrain(.init(.fraction(0.1), seed: 1)))
        #expect(task.labels == nil && task.positive == nil && task.metrics == nil)
        #expect(task.pairing == .siamese && task.limit == .init(.rows(20), seed: 1))
        #expect(task.columns.label == "1")
        #expect(task.maximumTokens == nil)
    }

    static let base = """
        columns: {text: a, label: b}
        splits: {train: a.tsv, test: b.tsv}

        """

    @Test(
        "a mistake in a task file is reported with line and column",
        arguments: [
            (base + "lables: [a, b]", "3:1: unknown key `lables`; did you mean `labels`?"),
            (base + "zzz: 1", "3:1: unknown key `zzz`; known keys: name, description"),
            ("columns: {txt: a, label: b}", "1:11: unknown key `txt` in `columns`; did you mean"),
            ("splits: {train: a.tsv, test: b.tsv}", "1:1: the key `columns` is missing"),
            ("columns: {text: a, label: b}", "1:1: the key `splits` is missing"),
            ("columns: {text: a}", "1:10: the key `columns.label` is missing"),
            ("columns: {text: a, label: a}", "1:27: `columns` names the same column twice"),
            (
                "columns: [a]",
                "1:10: `columns` must be a mapping of text, pair, label, found a list"
            ),
            (base + "name: [x]", "3:7: `name` must be text, found a list"),
            (base + "name:", "`name` must be text, found nothing"),
            (base + "name: a/b", "3:7: `name` must be letters, digits"),
            (base + "header: 3", "3:9: `header` must be true or false, found `3`"),
            (base + "format: cvs", "found `cvs`; did you mean `csv`?"),
            (base + "metrics: [acuracy]", "3:11: `metrics` must be one of accuracy, f1, macro-f1"),
            (base + "metrics: accuracy", "3:10: `metrics` must be a list, found `accuracy`"),
            (base + "metrics: [mcc, mcc]", "3:16: `mcc` appears twice in `metrics`"),
            (base + "metrics: []", "3:10: `metrics` must name a metric or more, found none"),
            (base + "metrics: [f1]", "3:10: f1 is about one class: name it with `positive`"),
            (base + "labels: a", "3:9: `labels` must be a list"),
            (base + "labels: [a]", "3:9: `labels` must list two classes or more, found 1"),
            (base + "labels: [a, b, a]", "3:16: `a` names two classes in `labels`"),
            (base + "labels: [a: x, b: x]", "3:16: `x` names two classes"),
            (base + "labels: [a, {b: c, d: e}]", "3:13: an item of `labels` must be a value"),
            (
                base + "labels: [a, b]\npositive: c",
                "4:11: `positive` must be one of a, b, found `c`"
            ),
            (base + "pairing: joint", "3:10: `pairing` needs a column `columns.pair`"),
            (base + "limit: 1", "3:8: `limit` must be a whole number from 2, found `1`"),
            (base + "limit: {seed: 1}", "3:8: the key `limit.rows` is missing"),
            (base + "max-tokens: many", "3:13: `max-tokens` must be a whole number from 8"),
            ("columns: {text: [], label: b}", "1:17: `columns.text` must be a column or a list of"),
            ("columns: {text: [a, a], label: b}", "1:17: `columns.text` names one twice"),
            ("columns: {text: [a, b], label: a}", "`columns` names the same column twice"),
            (base + "rows: 5", "3:7: `rows` must be a mapping of train, dev, test"),
            (base + "rows: {train: 0}", "3:15: `rows.train` must be a whole number from 1"),
            (base + "rows: {dev: 5}", "3:13: `rows.dev` is for a split with a file; its rows are"),
            (base + "submissions: a.tsv", "3:14: `submissions` must be a list of"),
            (base + "submissions: [{file: A.tsv}]", "3:15: the key `submissions.rows` is missing"),
            (
                base + "submissions: [{rows: t, file: A.csv}]",
                "ends in .tsv or .jsonl, found `A.csv`"
            ),
            (base + "submissions: [{rows: t, file: ../A.tsv}]", "3:31: `submissions.file` must be"),
            (
                base + "submissions: [{rows: t, file: A.tsv}, {rows: u, file: A.tsv}]",
                "3:55: two submissions have the file `A.tsv`"
            ),
            (
                base + "submissions: [{rows: t, file: A.tsv, pair: c}]",
                "3:44: `submissions.pair` is for tasks of pairs"
            ),
            (
                base + "submissions: [{rows: t, file: A.tsv, header: false}]",
                "3:46: without a header a column is a number from 1, found `a`"
            ),
            (base + "header: false", "1:10: with `header: false` a column is a number from 1"),
            (base + "a: {{", "YAML: "),
            (base + "\"a", "YAML: "),
            ("", "1:1: the file is empty"),
            ("just words", "1:1: a task file must be a mapping of name"),
            (base + "name: x\nname: y", "a key appears twice: `name`"),
            (base + "name: *x", "YAML: "),
            ("a: &a 1\n" + String(repeating: "b: *a\n", count: 9), "more than 8 YAML aliases"),
        ])
    func mistakes(yaml: String, expected: String) throws {
        let error = try message { _ = try workspace.definition(yaml) }
        #expect(error.contains(expected), "\(error)")
        #expect(error.contains("task.yml:"))
    }

    @Test(
        "a mistake in the splits is reported with line and column",
        arguments: [
            ("{train: a.tsv}", "2:9: the key `splits.test` is missing"),
            ("{test: a.tsv}", "2:9: the key `splits.train` is missing"),
            ("{train: a.tsv, test: ./x/../a.tsv}", "2:30: `splits.test` and `splits.train` are"),
            ("{train: a.tsv, dev: b.tsv, test: b.tsv}", "`splits.test` and `splits.dev` are"),
            ("{train: a.tsv, dev: {from: test}, test: b.tsv}", "2:36: `splits.dev.from` must be"),
            ("{train: a.tsv, dev: {rows: 3}, test: b.tsv}", "`splits.dev.from` is missing"),
            ("{train: a.tsv, dev: {from: train, rows: 0}, test: b.tsv}", "a whole number from 1"),
            (
                "{train: a.tsv, dev: {from: train, fraction: 1}, test: b.tsv}",
                "must be a number between 0 and 1, found `1`"
            ),
            ("{train: a.tsv, dev: {from: train, fraction: nan}, test: b.tsv}", "between 0 and 1"),
            (
                "{train: a.tsv, dev: {from: train, fraction: 0.1, rows: 3}, test: b.tsv}",
                "has both `fraction` and `rows`"
            ),
            ("{train: a.tsv, dev: {from: train, seed: -1}, test: b.tsv}", "a whole number from 0"),
            ("{train: [], test: b.tsv}", "`splits.train` must name a file or more, found none"),
            (
                "{train: [a.tsv, ./a.tsv], test: b.tsv}",
                "`splits.train` names the file `./a.tsv` twice"
            ),
            ("{train: [[a]], test: b.tsv}", "`splits.train` must be a file name or a list of them"),
            ("{train: \"a\\0.tsv\", test: b.tsv}", "NUL"),
            ("{train: \"a\\n.tsv\", test: b.tsv}", "`splits.train` holds a control character"),
            ("{train: a.txt, test: b.tsv}", "of `a.txt` (split train) does not imply"),
        ])
    func splitMistakes(splits: String, expected: String) throws {
        let error = try message {
            _ = try workspace.definition("columns: {text: a, label: b}\nsplits: " + splits)
        }
        #expect(error.contains(expected), "\(error)")
    }

    @Test("a task file that is not UTF-8, too long or missing is refused")
    func files() throws {
        let bad = try workspace.write(Data("name: x\nb: ".utf8) + Data([0xff]), "bad.yml")
        #expect(
            try message { _ = try TaskDefinition.load(bad) }.hasSuffix(
                "bad.yml:2:4: this byte is not valid UTF-8"))
        let long = try workspace.write(String(repeating: "#", count: (1 << 20) + 1), "long.yml")
        #expect(try message { _ = try TaskDefinition.load(long) }.contains("at most 1048576"))
        let gone = workspace.url.appendingPathComponent("gone.yml")
        #expect(throws: FileError.missing(path: gone.path)) { try TaskDefinition.load(gone) }
    }

    @Test(
        "deep nesting is refused even on a small stack",
        arguments: ["[", "{", "{a: ", "- ", "? ", "[a: ", "!!seq [", "? - "])
    func nesting(opener: String) async throws {
        let file = try workspace.write(String(repeating: opener, count: 20_000), "deep.yml")
        let refused = await withCheckedContinuation { continuation in
            let thread = Thread {
                do {
                    _ = try TaskDefinition.load(file)
                    continuation.resume(returning: false)
                } catch {
                    continuation.resume(returning: error is TaskError)
                }
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        #expect(refused)
    }
}
