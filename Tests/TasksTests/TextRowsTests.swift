import Tasks
import Testing

@Suite("Texts to classify, as they arrive")
struct TextRowsTests {
    private func rows(
        _ format: TextRows.Format, _ pieces: [[UInt8]], pair: String? = nil
    ) throws -> [TextRows.Row] {
        var reader = TextRows(format, name: "input", text: "text", pair: pair)
        var rows: [TextRows.Row] = []
        for piece in pieces { rows += try reader.add(piece, isLast: false) }
        return rows + (try reader.add([], isLast: true))
    }

    private func rows(_ format: TextRows.Format, _ text: String) throws -> [TextRows.Row] {
        try rows(format, [Array(text.utf8)])
    }

    @Test("a row is given out as soon as its line end is there")
    func early() throws {
        var lines = TextRows(.text, name: "input", text: "text", pair: nil)
        #expect(try lines.add("a goo".utf8, isLast: false).isEmpty)
        #expect(
            try lines.add("d day\nmo".utf8, isLast: false)
                == [.text(line: 1, "a good day", pair: nil)])
        #expect(try lines.add("re".utf8, isLast: true) == [.text(line: 2, "more", pair: nil)])

        var table = TextRows(.csv, name: "input", text: "text", pair: "b")
        #expect(try table.add("text,b\n\"two\nlines".utf8, isLast: false).isEmpty)
        #expect(
            try table.add("\",x\n\"".utf8, isLast: false)
                == [.text(line: 2, "two\nlines", pair: "x")])
        #expect(
            try table.add("open,y\n".utf8, isLast: true) == [
                .bad(
                    line: 4, column: .init(number: 1, name: "text"),
                    reason: .unterminatedQuote(line: 4, byte: 1))
            ])
    }

    @Test("a byte-order mark, line ends of any kind and white space at the ends are no text")
    func details() throws {
        let expected: [TextRows.Row] = [
            .text(line: 1, "a", pair: nil), .text(line: 2, "b c", pair: nil),
        ]
        #expect(try rows(.text, "\u{FEFF}a\r\n b c ") == expected)
        #expect(
            try rows(.text, [[0xEF], [0xBB], Array("\u{FEFF}a".utf8).dropFirst(2) + [0x0A]])
                == [expected[0]])
        #expect(try rows(.jsonl, "{\"text\": \"a\"}\n{\"text\": \" b c\"}") == expected)
        #expect(try rows(.csv, "") == [] && rows(.tsv, "\n\r\n") == [])
        #expect(
            try rows(.text, "a\n\n") == [
                expected[0], .bad(line: 2, column: nil, reason: .emptyText),
            ])
    }

    @Test("Excel's line with the delimiter is none of the header's, however it comes")
    func declaredDelimiter() throws {
        let table = "\u{FEFF}sep=|\r\ntext|a;b,c\na|1\n\"b\n|c\"|2\n"
        let expected: [TextRows.Row] = [
            .text(line: 3, "a", pair: nil), .text(line: 4, "b\n|c", pair: nil),
        ]
        let bytes = Array(table.utf8)
        for size in 1...bytes.count {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                Array(bytes[$0..<min(bytes.count, $0 + size)])
            }
            #expect(try rows(.csv, pieces) == expected)
        }
        #expect(try rows(.csv, "sep=;") == [])
        // A column may have such a name.
        #expect(try rows(.csv, "sep=ab,text\n1,x\n") == [.text(line: 2, "x", pair: nil)])
        #expect(try rows(.csv, "se,text\n1,x\n") == [.text(line: 2, "x", pair: nil)])
    }

    @Test("pairs have one tab, and two texts")
    func pairs() throws {
        let found = try rows(.text, [Array("a\tb\na\na\tb\tc\n \tb\n".utf8)], pair: "pair")
        #expect(
            found == [
                .text(line: 1, "a", pair: "b"),
                .bad(line: 2, column: nil, reason: .tooFewColumns(expected: 2, found: 1)),
                .bad(line: 3, column: nil, reason: .tooManyColumns(expected: 2, found: 3)),
                .bad(line: 4, column: .init(number: 1, name: nil), reason: .emptyText),
            ])
    }

    @Test("a missing column is an error that names it", arguments: ["csv", "tsv"])
    func missing(_ format: String) throws {
        let format = try #require(TextRows.Format(rawValue: format))
        #expect(throws: TaskError.self) { try rows(format, "body\n") }
        var reader = TextRows(format, name: "input", text: "text", pair: nil)
        // The header alone says so, before a row has come.
        #expect(throws: TaskError.self) { try reader.add("body\n".utf8, isLast: false) }
    }

    @Test("however the bytes come, the rows are the same", arguments: TextRows.Format.allCases)
    func pieces(_ format: TextRows.Format) throws {
        let words: [[UInt8]] = [
            Array("a".utf8), Array(",".utf8), Array("\t".utf8), Array("\"".utf8),
            Array("\"\"".utf8), Array("\n".utf8), Array("\r\n".utf8), Array("\r".utf8), [0],
            [0xFF], Array("é".utf8), Array("{\"text\": \"b\"}\n".utf8), Array(" ".utf8),
            Array("\n\"x\ny\"\n".utf8),
        ]
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<1_500 {
            var bytes: [UInt8] = format == .csv || format == .tsv ? Array("text\n".utf8) : []
            for _ in 0..<Int.random(in: 0..<16, using: &generator) {
                bytes += words[Int.random(in: 0..<words.count, using: &generator)]
            }
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(4, rest.count), using: &generator)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let whole = try rows(format, [bytes])
            #expect(try rows(format, pieces) == whole, "\(bytes)")
        }
    }
}
