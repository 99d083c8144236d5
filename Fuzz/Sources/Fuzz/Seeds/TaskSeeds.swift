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
    static func data(_ kind: String, ending: String) throws -> [FileSet] {
        let body: String
        switch kind {
        case "csv.gz", "utf16.csv", "delimited.csv", "json": return special(kind, ending)
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

    /// Files that are decoded before they are read.
    private static func special(_ kind: String, _ ending: String) -> [FileSet] {
        let columns =
            kind == "json"
            ? "{text: data.text, pair: pairs.1, label: label}"
            : "{text: text, pair: pair, label: label}"
        let task =
            "columns: \(columns)\nsplits: {train: train.\(ending), test: {from: train, rows: 2}}\n"
        let headless =
            "header: false\ncolumns: {text: 1, label: 3}\nlabels: [\"yes\", \"no\"]\n"
            + "splits: {train: [train.csv], test: {from: train, rows: 2}}\n"
        let table = csv(rows[...])
        func set(_ bytes: [UInt8], _ task: String) -> FileSet {
            FileSet(["task.yml": Array(task.utf8), "train.\(ending)": bytes])
        }
        switch kind {
        case "csv.gz":
            let compressed = Data(
                base64Encoded:
                    "H4sIAAAAAAAC/ytJrSjRKUjMLNLJSUxKzeHlUioB"
                    + "iigY6Cjkpynk5SvkpibmZealK+koZZYUK4AUKunk5cOUGeJTVplaDFNnRJxxxkQaZ0KccaZEGmdGnHHmBI0DAIqpjx1NAQAA"
            )
            return [
                set(StoredGzip.file(Array(table.utf8)), task),
                set(Array(compressed ?? Data()), task),
            ]
        case "utf16.csv":
            return [true, false].map { set(utf16(table, little: $0), task) }
        case "json":
            let objects = rows.map { row in
                let text = row.0.replacingOccurrences(of: "\"", with: "\\\"")
                    .replacingOccurrences(of: "\n", with: "\\n")
                return """
                    {"data": {"text": "\(text)", "n": NaN}, "pairs": [1e999, "\(row.1)"],
                     "label": "\(row.2)"}
                    """
            }
            return [
                set(Array("[\(objects.joined(separator: ",\n"))]".utf8), task),
                set(
                    Array(
                        objects.map { $0.replacingOccurrences(of: "\n", with: "") }
                            .joined(separator: "\n").utf8), task),
            ]
        default:
            return [";", "\t", "|"].flatMap { delimiter in
                let other = table.replacingOccurrences(of: "\",\"", with: "\"\(delimiter)\"")
                    .replacingOccurrences(
                        of: "text,pair,label", with: "text\(delimiter)pair\(delimiter)label")
                let rows =
                    other.split(separator: "\r\n", maxSplits: 1).last.map(String.init) ?? other
                return [
                    set(Array(other.utf8), task),
                    set(Array(other.replacingOccurrences(of: "\r\n", with: "\r").utf8), task),
                    set(Array(rows.utf8), headless),
                ]
            }
        }
    }

    /// A text in UTF-16 with its byte-order mark.
    static func utf16(_ text: String, little: Bool) -> [UInt8] {
        ("\u{FEFF}" + text).utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xff))
            return little ? [low, high] : [high, low]
        }
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
