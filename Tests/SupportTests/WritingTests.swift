import Foundation
import Support
import Testing

@Suite("Texts for people, shells and tables")
struct WritingTests {
    @Test("a field is quoted where it has a comma, a quote or a line end, and only there")
    func csv() {
        #expect(
            CSV.row(["a", "b c", "", "d,e", "f\"g", "h\ni", "j\r\nk", "é'"])
                == "a,b c,,\"d,e\",\"f\"\"g\",\"h\ni\",\"j\r\nk\",é'\n")
        // A combining accent joins with the quote before it to one character.
        #expect(CSV.row(["\"\u{301}"]) == "\"\"\"\u{301}\"\n")
        #expect(CSV.text([["a", "b"], ["c"]]) == "a,b\nc\n")
    }

    @Test("a shell gives back every word that was quoted for it")
    func shell() throws {
        let words = [
            "", "plain-1_2./,=:+@%", "two words", "it's", "''", "$HOME `id` \\ \"x\"", "a\nb",
            "é", "'\u{301}", "*?[a]", "~", "#", "a;b&c|d<e>(f)", "-", "{a,b}",
        ]
        #expect(words.map(ShellWord.quoted).prefix(2) == ["''", "plain-1_2./,=:+@%"])
        #expect(ShellWord.join(["a", "it's"]) == #"a 'it'\''s'"#)

        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", "printf '%s\\0' " + ShellWord.join(words)]
        shell.standardOutput = output
        try shell.run()
        let read = output.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        let expected = words.reduce(into: [UInt8]()) { $0 += Array($1.utf8) + [0] }
        #expect(Array(read) == expected)
    }

    @Test("readable JSON is indented, sorted, and keeps slashes")
    func json() throws {
        let data = try JSONEncoder.readable.encode(["b": "x/y", "a": "1"])
        let expected = "{\n  \"a\" : \"1\",\n  \"b\" : \"x/y\"\n}"
        #expect(String(decoding: data, as: UTF8.self) == expected)
    }

    @Test("what cannot be decoded is reported with the path of its keys")
    func decoding() throws {
        struct Outer: Decodable { var inner: [String: [Int]] }
        func reason(_ text: String) throws -> String? {
            let error = #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Outer.self, from: Data(text.utf8))
            }
            return error?.reason
        }
        #expect(try reason("{}") == "the key 'inner' is missing")
        #expect(try reason("{\"inner\": {\"a\": [1, \"2\"]}}")?.hasPrefix("'inner.a.") == true)
    }

    @Test("a bad option tells its name, its value and what was expected, as wrong usage")
    func options() throws {
        try require(true, "--keep", 1, "1 or more")
        let error = #expect(throws: BadOption.self) {
            try require(false, "--keep", 0, "1 or more")
        }
        #expect(error?.description == "--keep is 0: expected 1 or more")
        #expect(error?.kind == .usage)
        #expect(error == BadOption(name: "--keep", value: "0", expected: "1 or more"))
    }
}
