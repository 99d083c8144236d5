import Foundation
import Tasks
import Testing

@Suite struct JSONLinesTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("objects are read by key, in any order, with any other keys")
    func reading() throws {
        let set = try workspace.train(
            "\u{feff}{\"text\": \"a \\\"b\\\" \\u00e9\\n\", \"label\": \"no\", \"n\": [1, {}]}\r\n"
                + "   \n\n {\"label\":\"yes\",\"id\":3,\"text\":\" c\"} ", "jsonl")
        #expect(
            set.train == [
                Example(text: "a \"b\" é", label: 0), Example(text: "c", label: 1),
            ])
    }

    @Test("whole numbers and truth values can be labels")
    func numericLabels() throws {
        for (name, labels) in [("train", "01"), ("dev", "10"), ("test", "11")] {
            let rows = labels.enumerated().map { index, label in
                "{\"text\": \"\(name) \(index)\", \"label\": \(label)}\n"
            }
            try workspace.write(rows.joined(), "\(name).jsonl")
        }
        let yaml = """
            columns: {text: text, label: label}
            splits: {train: train.jsonl, dev: dev.jsonl, test: test.jsonl}
            """
        let set = try workspace.load(yaml)
        #expect(set.labels.map(\.value) == ["0", "1"])
        #expect(set.dev.map(\.label) == [1, 0])

        try workspace.write(
            "{\"text\": \"a\", \"label\": true}\n{\"text\": \"b\", \"label\": false}\n",
            "train.jsonl")
        try workspace.write("{\"text\": \"c\", \"label\": true}", "dev.jsonl")
        try workspace.write("{\"text\": \"d\", \"label\": false}", "test.jsonl")
        let truths = try workspace.load(yaml)
        #expect(truths.labels.map(\.value) == ["false", "true"])
        #expect(truths.train.map(\.label) == [1, 0])
    }

    @Test("every bad object is reported with line, key and reason")
    func badRows() throws {
        let deep = String(repeating: "[", count: 5_000)
        let rows = try workspace.badRows(
            """
            {"text": "good", "label": "no"}
            {"text": "open", "label": "no"
            [1, 2]
            "text"
            {"txt": "a", "label": "no"}
            {"text": 3, "label": "no"}
            {"text": null, "label": "no"}
            {"text": "a", "label": null}
            {"text": "a", "label": {}}
            {"text": "a"}
            {"text": " ", "label": "no"}
            {"text": "a\\u0000b", "label": "no"}
            {"text": "a", "label": "Yes"}
            {"text": "a", "label": "no"} junk
            {"text": "\\ud800", "label": "no"}
            {"text": \(deep)
            {"text": "good", "label": "yes"}
            """, "jsonl")
        #expect(rows.map(\.line) == Array(2...16))
        func reason(_ line: Int) -> BadRow.Reason? { rows.first { $0.line == line }?.reason }
        func isInvalid(_ line: Int) -> Bool {
            if case .invalidJSON? = reason(line) { true } else { false }
        }
        #expect(isInvalid(2) && isInvalid(14) && isInvalid(15) && isInvalid(16))
        #expect(reason(3) == .notAnObject && reason(4) == .notAnObject)
        #expect(reason(5) == .missingKey(suggestion: "txt", found: ["label", "txt"]))
        #expect(reason(6) == .wrongType(expected: "a string", found: "the number 3"))
        #expect(reason(7) == .wrongType(expected: "a string", found: "null"))
        let labels = "a string, a number, true or false"
        #expect(reason(8) == .wrongType(expected: labels, found: "null"))
        #expect(reason(9) == .wrongType(expected: labels, found: "an object"))
        #expect(reason(10) == .missingKey(suggestion: nil, found: ["text"]))
        #expect(reason(11) == .emptyText)
        #expect(reason(12) == .nulCharacter(line: nil, byte: nil))
        #expect(
            reason(13) == .unknownLabel(found: "Yes", known: ["no", "yes"], suggestion: "yes"))
        #expect(rows[4].column == BadRow.Column(number: nil, name: "text"))
        #expect(rows[4].description.contains("key `text`: expected a string, found the number 3"))
    }

    @Test("what is not JSON, or has a key twice, is reported with its byte in the line")
    func places() throws {
        let rows = try workspace.badRows(
            "{\"text\": \"open\", \"label\": \"no\"\n"
                + "  {\"text\": \"a\", \"label\": \"no\", \"text\": \"b\"}\n", "jsonl")
        #expect(
            rows.map(\.reason) == [
                .invalidJSON(problem: "expected ',' or '}', found the end at byte 31 of the line"),
                .invalidJSON(
                    problem: "the name \"text\" appears twice in one object at byte 32 of the line"),
            ])
    }
}
