import Foundation
import Support
import Tasks
import Testing

@Suite struct CSVTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("quoted fields hold commas, line ends and doubled quotes")
    func quoting() throws {
        let set = try workspace.train(
            "\u{feff}\"text\",label\r\n\"a, b\",no\r\n\"two\r\nlines\",\"yes\"\r\n"
                + "\"he said \"\"no\"\"\",no\r\n\r\n\"\"\"\"\"\",yes", "csv")
        #expect(set.train.map(\.text) == ["a, b", "two\r\nlines", "he said \"no\"", "\"\""])
        #expect(set.train.map(\.label) == [0, 1, 0, 1])
    }

    @Test("fields survive being written and read")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        let alphabet = [",", "\"", "\n", "\r", " ", "a", "b", "é", "\u{301}", "𝄞", "\t", "'"]
        var text = CSV.row(["id", "text", "label"])
        var expected: [Example] = []
        for index in 0..<3_000 {
            let middle = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }.joined()
            // White space at the ends would be trimmed; quotes and commas there are worth a test.
            let first = [",", "\"", "x", "\"\""].randomElement(using: &generator)!
            let last = [",", "\"", "y", "\"\""].randomElement(using: &generator)!
            let field = first + middle + last
            let label = index % 2
            expected.append(Example(text: field, label: label))
            text += CSV.row([middle, field, ["no", "yes"][label]])
        }
        let set = try workspace.train(text, "csv")
        #expect(set.train.count == expected.count)
        for (read, written) in zip(set.train, expected) {
            #expect(Array(read.text.utf8) == Array(written.text.utf8))
            #expect(read.label == written.label)
        }
    }

    @Test("stray and unterminated quotes are reported with the line where they opened")
    func badQuotes() throws {
        let rows = try workspace.badRows(
            """
            text,label
            good,no
            a "stray" one,no
            "closed" too early,yes
            "two
            lines" junk,yes
            fine,yes
            fine too,"ye

            """, "csv")
        // After a bad quote reading goes on with the next physical line, here `lines" junk,yes`.
        #expect(rows.map(\.line) == [3, 4, 5, 6, 8])
        #expect(
            rows.map(\.reason) == [
                .strayQuote(line: 3, byte: 3), .strayQuote(line: 4, byte: 8),
                .strayQuote(line: 6, byte: 6), .strayQuote(line: 6, byte: 6),
                .unterminatedQuote(line: 8, byte: 10),
            ])
        #expect(rows.map { $0.column?.number } == [1, 1, 1, 1, 2])
        #expect(rows.last?.column?.name == "label")

        let set = try workspace.load(singleTask("csv"), options: .init(skipBadRows: true))
        #expect(set.train.map(\.text) == ["good", "fine"])
        #expect(set.report[.train].skipped == 5)
    }

    @Test("rows after a record of several lines keep their line numbers")
    func lineNumbers() throws {
        let rows = try workspace.badRows(
            "text,label\r\n\"a\nb\r\nc\",no\r\n\r\nx,maybe\r\n\"d\n\ne\",yes\r\nx\r\n", "csv")
        #expect(rows.map(\.line) == [6, 10])
        #expect(rows[1].reason == .tooFewColumns(expected: 2, found: 1))
    }

    @Test("invalid UTF-8 in a record of several lines is reported in its own line")
    func invalidUTF8() throws {
        let data = Data("text,label\n\"a\nb".utf8) + Data([0xff]) + Data("\",no\nx,yes\n".utf8)
        let rows = try workspace.badRows(data, "csv")
        #expect(rows.map(\.line) == [2])
        #expect(rows.map(\.reason) == [.invalidUTF8(line: 3, byte: 2)])
    }

    @Test("a record over the limit is bad, however many lines it has")
    func longRecords() throws {
        let many = "\"" + String(repeating: "line\n", count: 50) + "\",no\n"
        let single = String(repeating: "x", count: 200) + ",no\n"
        let rows = try workspace.badRows(
            Data(("text,label\na,no\n" + single + many + "b,yes\n").utf8), "csv",
            options: .init(maximumLineBytes: 100))
        #expect(rows.first?.line == 3)
        #expect(rows.first?.reason == .tooLong(limit: 100))
        #expect(rows.contains { $0.line == 4 && $0.reason == .tooLong(limit: 100) })
        #expect(rows.map(\.line) == Array(3...rows.last!.line))
    }

    @Test("a quote never closed does not swallow the file when bad rows are skipped")
    func recovery() throws {
        let set = try workspace.train(
            "text,label\na,no\n\"open,yes\nb,yes\nc,no\n", "csv",
            options: .init(skipBadRows: true))
        #expect(set.train.map(\.text) == ["a", "b", "c"])
        #expect(set.report[.train].skipped == 1)
    }
}
