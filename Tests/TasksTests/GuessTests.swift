import Foundation
import Support
import Testing

@testable import Tasks

/// Data files in place of task files.
@Suite("What a data file is taken for")
struct GuessTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let subjects = [
        "the room", "a key", "our taxi", "my bill", "this lamp", "hot water",
    ]

    /// Forty sentences, all different.
    private static func text(_ row: Int) -> String {
        "could you look at \(subjects[row % 6]) number \(row), please"
    }

    /// A CSV file of forty rows; `row` gives the cells.
    private func csv(
        _ header: String?, delimiter: String = ",", _ row: (Int) -> [String]
    ) -> String {
        let lines = (0..<40).map { index in
            row(index).map { $0.contains(delimiter) ? "\"\($0)\"" : $0 }
                .joined(separator: delimiter)
        }
        return ((header.map { [$0] } ?? []) + lines).joined(separator: "\n") + "\n"
    }

    private func guess(
        _ text: String, _ name: String = "messages.csv", _ options: DataFileOptions = .init()
    ) throws -> TaskDefinition {
        try TaskDefinition.load(workspace.write(text, name), options: options)
    }

    private func columns(_ task: TaskDefinition) -> [String?] {
        [task.columns.text, task.columns.pair, task.columns.label]
    }

    @Test(
        "five public shapes need no option",
        arguments: [
            ("text,label", ["text", nil, "label"]),
            ("sentence,category", ["sentence", nil, "category"]),
            ("utterance,intent", ["utterance", nil, "intent"]),
            ("review,stars", ["review", nil, "stars"]),
        ] as [(String, [String?])])
    func shapes(header: String, expected: [String?]) throws {
        let isNumber = header.hasSuffix("stars")
        let task = try guess(
            csv(header) { [Self.text($0), isNumber ? "\($0 % 5 + 1)" : ["ask", "tell"][$0 % 2]] })
        #expect(columns(task) == expected)
        let set = try Dataset.load(task, dataDirectory: nil)
        #expect(set.name == "messages" && set.labels.count == (isNumber ? 5 : 2))
        #expect(set.test.count == 8 && set.dev.count == 7 && set.train.count == 25)
    }

    @Test(
        "a pair is two columns whose names differ in their number; numbers of rows are passed over")
    func pairs() throws {
        let task = try guess(
            csv("id,qid1,qid2,question1,question2,is_duplicate") {
                ["\($0)", "\($0 * 7)", "\($0 * 9)", Self.text($0), Self.text($0 + 40), "\($0 % 2)"]
            })
        #expect(columns(task) == ["question1", "question2", "is_duplicate"])
        #expect(task.pairing == .siamese)
        for (header, names) in [
            ("premise,hypothesis,label", ["premise", "hypothesis"]),
            ("text_a,text_b,gold_label", ["text_a", "text_b"]),
            ("sentence_A,sentence_B,entailment_judgment", ["sentence_A", "sentence_B"]),
            ("#1 String,#2 String,Quality", ["#1 String", "#2 String"]),
            ("S1,S2,verdict", ["S1", "S2"]),
        ] {
            let task = try guess(
                csv(header) { [Self.text($0), Self.text($0 + 40), "\($0 % 2)"] })
            #expect([task.columns.text, task.columns.pair] == names, "\(header)")
        }
    }

    @Test("columns without known names, or without names, are told by what is in them")
    func contents() throws {
        let label = { (row: Int) in ["spam", "ham", "ham"][row % 3] }
        #expect(
            try columns(guess(csv("foo,bar") { [label($0), Self.text($0)] }))
                == ["bar", nil, "foo"])
        #expect(
            try columns(guess(csv("v1,v2,,") { [label($0), Self.text($0), "", ""] }))
                == ["v2", nil, "v1"])
        let bare = try guess(csv(nil) { [Self.text($0), label($0)] })
        #expect(columns(bare) == ["1", nil, "2"] && !bare.hasHeader)
        let set = try Dataset.load(bare, dataDirectory: nil)
        #expect(set.train.count + set.dev.count + set.test.count == 40)
        let three = try guess(csv(nil) { ["\($0)", label($0), Self.text($0)] })
        #expect(columns(three) == ["3", nil, "2"] && !three.hasHeader)
        // Dates, addresses and numbers are neither.
        let many = try guess(
            csv("when,at,who,said,kind,score") {
                [
                    "2024-05-\($0 % 28 + 1) 10:11:12", "https://x.y/\($0)", "u\($0)", Self.text($0),
                    label($0), "\(Double($0) / 7)",
                ]
            })
        #expect(columns(many) == ["said", nil, "kind"])
        // Names in a language without spaces.
        let words = try guess(
            csv("content,label") {
                ["\u{4f60}\u{597d}\(String(repeating: "\u{4e00}", count: $0 + 1))", label($0)]
            })
        #expect(columns(words) == ["content", nil, "label"])
    }

    @Test("other formats are read as they are: TSV, semicolons, JSON lines, arrays, UTF-16")
    func formats() throws {
        let label = { (row: Int) in ["a", "b"][row % 2] }
        let rows = csv("text,label") { ["\(Self.text($0))", label($0)] }
        #expect(
            try guess(csv("text;label", delimiter: ";") { [Self.text($0), label($0)] }).delimiter
                == .semicolon)
        let tsv = csv("text\tlabel", delimiter: "\t") { ["\"so\" \(Self.text($0))", label($0)] }
        #expect(try guess(tsv, "m.tsv").format == nil)
        #expect(try guess(tsv, "m.txt").format == .tsv)
        // Other programs quote in TSV, too.
        let quoted = csv("text\tlabel", delimiter: "\t") {
            ["\"so \"\"they\"\" say, \(Self.text($0))\"", label($0)]
        }
        let task = try guess(quoted, "q.tsv")
        #expect(task.format == .csv && task.delimiter == .tab)
        #expect(try Dataset.load(task, dataDirectory: nil).train[0].text.hasPrefix("so \"they\""))
        let json = (0..<40).map {
            "{\"meta\": {\"topic\": \"\(label($0))\", \"n\": \($0)}, \"data\": {\"body\": \"\(Self.text($0))\"}}"
        }
        #expect(
            try columns(guess(json.joined(separator: "\n"), "m.jsonl"))
                == ["data.body", nil, "meta.topic"])
        #expect(
            try columns(guess("[" + json.joined(separator: ",") + "]", "m.json"))
                == ["data.body", nil, "meta.topic"])
        let file = try workspace.write(
            Data([0xff, 0xfe]) + rows.data(using: .utf16LittleEndian)!, "wide.csv")
        #expect(try columns(TaskDefinition.load(file)) == ["text", nil, "label"])
    }

    @Test("labels by number and by word are the same classes: words are shown")
    func renamed() throws {
        let task = try guess(
            csv("text,label,label_text") {
                [Self.text($0), "\($0 % 3)", ["low", "mid", "high"][$0 % 3]]
            })
        #expect(task.columns.label == "label_text")
    }

    @Test(
        "what could be meant in two ways, or is no class, is an error that lists the columns",
        arguments: [
            (
                "text,topic,sentiment", "`topic` and `sentiment` could all be the label",
                "--label topic"
            ),
            ("text,label,note", "`label` has one value only, `x`", "--label COLUMN"),
            ("text,label,id", "`label` has 40 different values in 40 rows, too many", "text "),
            ("a,b,c", "`a` and `b` could all be the text", "--text a --pair b"),
            ("question,answer,category", "may be a pair", "--text question --pair answer"),
            ("text,other", "a label, a few that recur; `other` has 40 different numbers", "other"),
        ])
    func unclear(header: String, problem: String, advice: String) throws {
        let text = csv(header) { row in
            switch header {
            case "text,topic,sentiment":
                [Self.text(row), ["x", "y"][row % 2], ["glad", "sad", "so"][row % 3]]
            case "text,label,note": [Self.text(row), "x", ["p", "q"][row % 2]]
            case "text,label,id": [Self.text(row), "name\(row)", "\(row)"]
            case "text,other": [Self.text(row), "\(row)"]
            default: [Self.text(row), Self.text(row + 40), ["p", "q"][row % 2]]
            }
        }
        do {
            _ = try guess(text)
            Issue.record("nothing was thrown")
        } catch let error as TaskError {
            #expect(error.kind == .badInput)
            #expect(error.description.contains(problem), "\(error)")
            #expect(error.description.contains(advice), "\(error)")
            #expect(error.description.contains("messages.csv: "), "\(error)")
        }
    }

    @Test(
        "several labels a row and measured numbers are told from classes",
        arguments: [
            ("tags", "labels", ";"), ("topic", "labels", "|"), ("categories", "labels", ","),
            ("label", "labels", nil), ("label", "number", nil), ("score", "number", nil),
            ("similarity", "number", nil), ("stars", "class", nil), ("kind", "class", nil),
        ] as [(String, String, Character?)])
    func targets(column: String, kind: String, separator: Character?) throws {
        let names = ["bed", "bill", "noise"]
        func several(_ row: Int) -> [String] {
            names.filter { (row + 1) >> $0.count & 1 == 1 || $0 == names[row % 3] }
        }
        let task = try guess(
            csv("text\t\(column)", delimiter: "\t") { row in
                let label =
                    switch (column, kind) {
                    case (_, "labels"):
                        separator.map { several(row).joined(separator: "\($0) ") }
                            ?? "[\(several(row).map { "\"\($0)\"" }.joined(separator: ", "))]"
                    case ("similarity", _): "\(row * 3)"
                    case (_, "number"): "\(Double(row * 7 % 40) / 8)"
                    case ("stars", _): "\(row % 5)"
                    default: ["bed; soft", "bed; hard"][row % 2]
                    }
                return [Self.text(row), label]
            }, "messages.tsv")
        #expect(task.target.rawValue == kind)
        #expect(task.separator == separator)
        #expect(task.columns.label == column)
        let set = try Dataset.load(task, dataDirectory: nil)
        #expect(set.train.count + set.dev.count + set.test.count == 40)
        if kind == "labels" { #expect(set.labels.map(\.name) == names) }
        let file = try workspace.write(TaskFileText.text(task, in: workspace.url), "mine.yml")
        let written = try TaskDefinition.load(file)
        #expect(written.target == task.target && written.separator == separator)
        #expect(try Dataset.load(written, dataDirectory: nil).digest == set.digest)
    }

    @Test("lists of JSON are labels, and the user's word on what labels are is taken")
    func givenTargets() throws {
        let lists = try guess(
            (0..<40).map {
                "{\"t\": \"\(Self.text($0))\", \"all\": \($0 % 4 == 0 ? "[]" : "[\"a\", \"b\"]")}"
            }
            .joined(separator: "\n"), "a.jsonl")
        #expect(lists.target == .labels && lists.columns.label == "all")
        let stars = csv("text,stars") { [Self.text($0), "\($0 % 5)"] }
        #expect(try guess(stars, "s.csv", .init(target: .number)).target == .number)
        #expect(try guess(stars, "s.csv", .init(target: .labels)).target == .labels)
        let tags = csv("text,tags") { [Self.text($0), ["a;b", "a", "b"][$0 % 3]] }
        #expect(try guess(tags, "t.csv").target == .labels)
        #expect(try guess(tags, "t.csv", .init(target: .oneClass)).target == .oneClass)
        #expect(throws: TaskError.self) { try guess(tags, "t.csv", .init(target: .number)) }
    }

    @Test("options take the place of guesses, and a column that there is not is named")
    func options() throws {
        let text = csv("text,topic,mood") {
            [Self.text($0), ["x", "y"][$0 % 2], ["glad", "sad", "so"][$0 % 3]]
        }
        let named = try guess(text, "messages.csv", .init(label: "mood"))
        #expect(columns(named) == ["text", nil, "mood"])
        // Numbers of columns will do.
        #expect(try guess(text, "messages.csv", .init(label: "2")).columns.label == "topic")
        do {
            _ = try guess(text, "messages.csv", .init(label: "mod"))
            Issue.record("nothing was thrown")
        } catch let error as TaskError {
            #expect(error.kind == .usage)
            #expect(error.description.contains("did you mean `mood`?"), "\(error)")
        }
        let test = try workspace.write(
            csv("text,mood") { ["t \($0)", ["glad", "sad"][$0 % 2]] }, "t.csv")
        let given = try guess(text, "messages.csv", .init(label: "mood", test: [test.path]))
        let set = try Dataset.load(given, dataDirectory: nil)
        #expect(set.test.count == 40 && set.dev.count == 8 && set.train.count == 32)
        let yaml = try workspace.write(singleTask("csv"), "task.yml")
        #expect(throws: BadOption.self) {
            try TaskDefinition.load(yaml, options: .init(label: "mood"))
        }
    }

    @Test("the order of rows changes no guess")
    func order() throws {
        var generator = SeededGenerator(seed: 3)
        let lines = csv(nil) {
            ["\($0)", ["spam", "ham", "ham"][$0 % 3], Self.text($0), "2024-05-\($0 % 28 + 1)"]
        }.split(separator: "\n")
        for header in ["a,b,c,d", "nr,kind,text,when", nil] {
            let expected = try guess(
                ([header].compactMap { $0.map { Substring($0) } } + lines).joined(separator: "\n"))
            for _ in 0..<4 {
                let rows = lines.shuffled(using: &generator)
                let task = try guess(
                    ([header].compactMap { $0.map { Substring($0) } } + rows).joined(
                        separator: "\n"))
                #expect(task.columns == expected.columns && task.hasHeader == (header != nil))
            }
        }
    }

    @Test("the guess shows three rows of different classes, and what to type where it is wrong")
    func explanation() throws {
        let task = try guess(
            csv("id,text,label") { ["\($0)", Self.text($0), ["b", "a"][$0 / 20]] })
        let lines = task.guess
        #expect(lines[0].contains("40 rows, CSV; the text is `text`, the label is `label`"))
        #expect(lines[1...3].allSatisfy { $0.hasPrefix("  a: ") || $0.hasPrefix("  b: ") })
        #expect(Set(lines[1...2].map { $0.prefix(4) }).count == 2)
        #expect(lines.contains { $0.hasPrefix("not read: `id` (numbers") })
        #expect(
            lines.contains { $0.contains("test: 20 % of the rows") && $0.contains("--test FILE") })
        #expect(lines.last?.contains("--label COLUMN") == true)
    }

    @Test("a task file written for a data file gives the same rows, splits and digest")
    func taskFile() throws {
        let label = { (row: Int) in ["no", "~", "it's: \"so\""][row % 3] }
        for (name, text) in [
            ("we ird.csv", csv("my text,a: label") { [Self.text($0), ["x", "y"][$0 % 2]] }),
            ("bare.csv", csv(nil) { [Self.text($0), ["x", "y"][$0 % 2]] }),
            (
                "semi.txt",
                csv("text;label", delimiter: ";") { [Self.text($0), ["x", "y"][$0 % 2]] }
            ),
            (
                "pairs.jsonl",
                (0..<40).map {
                    "{\"s1\": \"\(Self.text($0 / 2))\", \"s2\": \"\(Self.text($0 + 9))\", \"#\": \"\(label($0).count)\"}"
                }.joined(separator: "\n")
            ),
        ] {
            let task = try guess(text, "data/" + name)
            let file = try workspace.write(TaskFileText.text(task, in: workspace.url), "mine.yml")
            let written = try TaskDefinition.load(file)
            #expect(written.train == ["data/" + name])
            let (own, theirs) = (
                try Dataset.load(task, dataDirectory: nil),
                try Dataset.load(written, dataDirectory: nil)
            )
            #expect(own.digest == theirs.digest && own.name == theirs.name)
            #expect(own.train == theirs.train && own.dev == theirs.dev && own.test == theirs.test)
            #expect(own.labels == theirs.labels)
        }
    }

    @Test("hostile files are errors, not guesses")
    func hostile() throws {
        for (name, bytes) in [
            ("empty.csv", ""), ("header.csv", "text,label\n"), ("column.csv", "text\na\nb\n"),
            ("nul.csv", "a\0,b\0\n"), ("json.jsonl", "{}\n{}\n"), ("list.json", "[1, 2]"),
            ("cut.json", "[{\"text\": \"a\""), ("blank.csv", "\n\n\n"), ("sep.csv", "sep=;\n"),
            ("quote.csv", "\"text,label\na,b\n"), ("commas.csv", ",,,\n,,,\n"),
            ("page.csv", "<html>"),
        ] {
            let file = try workspace.write(bytes, name)
            #expect(throws: TaskError.self, "\(name)") {
                _ = try Dataset.load(TaskDefinition.load(file), dataDirectory: nil)
            }
        }
        let latin =
            Data("text,label\n".utf8)
            + Data(
                (0..<20).flatMap { row in
                    Data("caf".utf8) + [0xe9] + Data(" \(row),\(row % 2)\n".utf8)
                })
        let file = try workspace.write(latin, "latin.csv")
        #expect(
            try message { _ = try Dataset.load(TaskDefinition.load(file), dataDirectory: nil) }
                .contains("UTF-8"))
    }
}
