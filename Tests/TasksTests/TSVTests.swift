import Foundation
import Tasks
import Testing

@Suite struct TSVTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private let good = [Example(text: "a b", label: 0), Example(text: "c", label: 1)]

    @Test(
        "byte-order mark, CRLF, no final line end, blank lines and white space change nothing",
        arguments: [
            "text\tlabel\na b\tno\nc\tyes\n",
            "text\tlabel\na b\tno\nc\tyes",
            "\u{feff}text\tlabel\r\na b\tno\r\nc\tyes\r\n",
            "\u{feff}text\tlabel\r\na b\tno\r\nc\tyes\r",
            "\n\r\ntext\tlabel\n\n\na b\tno\r\n\r\nc\tyes\n\n",
            "label\ttext\nno\ta b\nyes\tc\n",
            "id\ttext\tlabel\n1\t a b \tno \n2\tc\t yes\n",
        ])
    func lineEnds(text: String) throws {
        #expect(try workspace.train(text, "tsv").train == good)
    }

    @Test("quotes in TSV are characters like any other")
    func quotes() throws {
        let set = try workspace.train(
            "text\tlabel\n\"open\tno\nhe said \"\"no\"\"\tyes\n\"\tno\n", "tsv")
        #expect(set.train.map(\.text) == ["\"open", "he said \"\"no\"\"", "\""])
    }

    @Test("a file without a header is read by column numbers")
    func headerless() throws {
        try workspace.write("no\tx\ta\nyes\tx\tb\n", "train.tsv")
        try workspace.write("no\tx\tc\n", "dev.tsv")
        try workspace.write("yes\tx\td\n", "test.tsv")
        let yaml = """
            header: false
            columns: {text: 3, label: 1}
            splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}
            """
        let set = try workspace.load(yaml)
        #expect(set.train == [Example(text: "a", label: 0), Example(text: "b", label: 1)])
        #expect(set.dev + set.test == [Example(text: "c", label: 0), Example(text: "d", label: 1)])

        let error = try message {
            _ = try workspace.load(yaml.replacingOccurrences(of: "text: 3", with: "text: 4"))
        }
        #expect(error.contains("train.tsv:1: columns.text is column 4, but the first row has 3"))
    }

    @Test("every bad row is reported with file, line, column and reason")
    func badRows() throws {
        var data = Data("text\tlabel\n".utf8)  // 1
        data += Data("good\tno\r\n".utf8)  // 2
        data += Data("short\n".utf8)  // 3
        data += Data("long\tyes\textra\tmore\n".utf8)  // 4
        data += Data(" \tyes\n".utf8)  // 5
        data += Data("\u{3000}\u{2003}\tyes\n".utf8)  // 6
        data += Data("text\tyess\n".utf8)  // 7
        data += Data("text\t\n".utf8)  // 8
        data += Data("ab".utf8) + Data([0xc3, 0x28]) + Data("\tno\n".utf8)  // 9
        data += Data("ab\tn".utf8) + Data([0]) + Data("o\n".utf8)  // 10
        data += Data("\ngood too\tyes\n".utf8)  // 11 is blank, 12
        let rows = try workspace.badRows(data, "tsv")
        let text = BadRow.Column(number: 1, name: "text")
        let label = BadRow.Column(number: 2, name: "label")
        #expect(rows.map(\.line) == [3, 4, 5, 6, 7, 8, 9, 10])
        #expect(rows.map(\.column) == [label, nil, text, text, label, label, text, label])
        #expect(
            rows.map(\.reason) == [
                .tooFewColumns(expected: 2, found: 1), .tooManyColumns(expected: 2, found: 4),
                .emptyText, .emptyText,
                .unknownLabel(found: "yess", known: ["no", "yes"], suggestion: "yes"),
                .emptyLabel, .invalidUTF8(line: 9, byte: 3), .nulCharacter(line: 10, byte: 5),
            ])
        #expect(rows.allSatisfy { $0.file.hasSuffix("/train.tsv") && $0.split == .train })
        #expect(
            rows[4].description.hasSuffix(
                "train.tsv:7: column 2 (`label`): unknown label `yess`: expected one of `no`, "
                    + "`yes`; did you mean `yes`?"))

        let set = try workspace.load(singleTask("tsv"), options: .init(skipBadRows: true))
        #expect(set.train.map(\.text) == ["good", "good too"])
        #expect(set.report[.train].skipped == 8)
        #expect(set.report[.test].skipped == 0)
        #expect(set.report.badRows == rows)
    }

    @Test("a line over the limit is a bad row, one at the limit is not")
    func longLines() throws {
        let limit = 100
        let exact = String(repeating: "x", count: limit - 3)
        let text = "text\tlabel\n\(exact)\tno\n\(exact)x\tno\na\tyes\n"
        let rows = try workspace.badRows(
            Data(text.utf8), "tsv", options: .init(maximumLineBytes: limit))
        #expect(rows.map(\.line) == [3])
        #expect(rows.map(\.reason) == [.tooLong(limit: limit)])

        let huge =
            "text\tlabel\na\tno\n" + String(repeating: "y", count: 1 << 20) + "\tno\nb\tyes\n"
        #expect(
            try workspace.badRows(Data(huge.utf8), "tsv").map(\.reason) == [
                .tooLong(limit: 1 << 20)
            ])
        let skipped = try workspace.load(singleTask("tsv"), options: .init(skipBadRows: true))
        #expect(skipped.train.map(\.text) == ["a", "b"])
    }

    @Test("a message lists twenty bad rows, counts all, and says how to skip them")
    func messageOfManyBadRows() throws {
        let text = "text\tlabel\n" + String(repeating: "x\tmaybe\n", count: 31)
        let error = try message { _ = try workspace.train(text, "tsv") }
        let lines = error.split(separator: "\n")
        #expect(lines.count == 1 + 20 + 1 + 1)
        #expect(lines[0] == "31 bad rows:")
        #expect(lines[21].contains("and 11 more"))
        #expect(error.contains("--skip-bad-rows"))
    }

    @Test("an error says what a header lacks or repeats")
    func headers() throws {
        #expect(
            try message { _ = try workspace.train("txet\tid\tlabel\nx\t1\tno\n", "tsv") }
                .hasSuffix(
                    "train.tsv:1: the header lacks the column `text` (columns.text); it has "
                        + "`txet`, `id`, `label`; did you mean `txet`?"))
        #expect(
            try message { _ = try workspace.train("text\tid\nx\t1\n", "tsv") }
                .contains("the header lacks the column `label`"))
        #expect(
            try message { _ = try workspace.train("text\ttext\tlabel\nx\ty\tno\n", "tsv") }
                .contains("column `text` appears twice"))
        try workspace.writeSplits("tsv", train: Data([0x74, 0xff, 0x0a]))
        #expect(
            try message { _ = try workspace.load(singleTask("tsv")) }
                .contains("train.tsv:1: the header cannot be read: not valid UTF-8 at byte 2"))
    }

    @Test("UTF-8 is valid exactly where the standard library says so")
    func utf8() {
        var generator = SeededGenerator(seed: 3)
        let alphabet: [UInt8] = [
            0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
        ]
        for _ in 0..<50_000 {
            let count = Int.random(in: 0...12, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
            let offset = bytes.withUnsafeBytes { Bytes.firstInvalidUTF8($0) }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect((offset == nil) == expected, "\(bytes)")
            if let offset {
                #expect(String(validating: bytes[..<offset], as: UTF8.self) != nil, "\(bytes)")
            }
        }
    }
}
