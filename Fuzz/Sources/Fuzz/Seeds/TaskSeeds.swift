import Foundation
import Mutations

/// Valid tasks and data files.
enum TaskSeeds {
    private static let rows = [
        ("a text, of no meaning", "its pair", "yes"), ("another \"one\"", "é 中文", "no"),
        ("two\nlines", "b", "yes"), ("four", "c", "no"), ("five", "d", "yes"), ("six", "e", "no"),
        ("seven", "f", "yes"), ("eight", "g", "no"),
    ]

    private static let short =
        "columns: {text: text, label: label}\nsplits:\n  train: train.csv\n  test: {from: train, rows: 2}\n"
    private static let long = """
        name: pairs
        description: >-
          Are two texts
          of one meaning?
        source: "somewhere \\u00e9"
        format: csv
        header: true
        columns: {text: text, pair: pair, label: label}
        splits:
          train: train.csv
          dev: {from: train, fraction: 0.25, seed: 3}
          test: test.csv
        labels:
          - "yes": same
          - "no": other
        positive: same
        metrics: [accuracy, f1, mcc]
        pairing: joint
        limit: {rows: 4, seed: 9}
        max-tokens: 64

        """
    private static let anchored = """
        columns: &c
          text: text
          label: label
        splits: {train: train.jsonl, dev: {from: train, rows: 2}, test: test.csv}
        description: |
          # not a comment
        """

    static func tasks() throws -> [FileSet] {
        [short, long, anchored].map { text in
            FileSet([
                "task.yml": Array(text.utf8), "train.csv": Array(csv(rows[...]).utf8),
                "test.csv": Array(csv(rows.dropFirst(3)).utf8),
                "train.jsonl": Array(jsonLines(rows[...]).utf8),
            ])
        }
    }

    /// A training file of some format, read by a task with a header or names and one without.
    static func data(_ ending: String) throws -> [FileSet] {
        let body: String
        switch ending {
        case "csv": body = csv(rows[...])
        case "tsv":
            body =
                "text\tpair\tlabel\n"
                + rows.map {
                    [$0.0.replacingOccurrences(of: "\n", with: " "), $0.1, $0.2].joined(
                        separator: "\t")
                }.joined(separator: "\r\n")
        default: body = jsonLines(rows[...])
        }
        let splits = "splits: {train: train.\(ending), test: {from: train, rows: 2}}\n"
        let named = "columns: {text: text, pair: pair, label: label}\n" + splits
        let numbered =
            "header: false\ncolumns: {text: 1, label: 3}\nlabels: [\"yes\", \"no\"]\n" + splits
        let headless = body.split(separator: "\n", maxSplits: 1).last.map(String.init) ?? body
        var sets = [
            FileSet(["task.yml": Array(named.utf8), "train.\(ending)": Array(body.utf8)])
        ]
        if ending != "jsonl" {
            sets.append(
                FileSet(["task.yml": Array(numbered.utf8), "train.\(ending)": Array(headless.utf8)])
            )
        }
        sets.append(
            FileSet([
                "task.yml": Array(named.utf8), "train.\(ending)": Array(("\u{FEFF}" + body).utf8),
            ]))
        return sets
    }

    private static func csv(_ rows: ArraySlice<(String, String, String)>) -> String {
        "text,pair,label\r\n"
            + rows.map { row in
                [row.0, row.1, row.2].map {
                    "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\""
                }.joined(separator: ",")
            }.joined(separator: "\r\n")
    }

    private static func jsonLines(_ rows: ArraySlice<(String, String, String)>) -> String {
        rows.map { row in
            let text = row.0.replacingOccurrences(of: "\"", with: "\\\"")
                .replacingOccurrences(of: "\n", with: "\\n")
            return #"{"text":"\#(text)","pair":"\#(row.1)","label":"\#(row.2)","x":[1,{"y":null}]}"#
        }.joined(separator: "\n")
    }
}
