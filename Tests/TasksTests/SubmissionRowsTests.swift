import Foundation
import Testing

@testable import Tasks

/// Test files of benchmarks, whose rows have no labels.
@Suite("Rows of submissions")
struct SubmissionRowsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Reads a file by a submission of a task of the repository.
    private func entries(
        _ name: String, _ file: String, text: String
    ) throws -> [SubmissionRows.Entry] {
        let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        let submission = try #require(task.submissions.first { $0.rows.contains(file) })
        let rows = try SubmissionRows(submission, of: task, in: workspace.write(text, file))
        #expect(rows.badRowCount == 0)
        return rows.entries
    }

    @Test("each task reads the test file of its benchmark, with the index that is in it")
    func layouts() throws {
        typealias Entry = SubmissionRows.Entry
        #expect(
            try entries("cola", "test.tsv", text: "index\tsentence\n0\tBill whistled.\n1\tHe.\n")
                == [Entry(index: "0", text: "Bill whistled."), Entry(index: "1", text: "He.")])
        #expect(
            try entries(
                "mrpc", "test.tsv",
                text: "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n7\t1\t2\tOne.\tTwo.\n")
                == [Entry(index: "7", text: "One.", pair: "Two.")])
        #expect(
            try entries(
                "mrpc", "msr_paraphrase_test.txt",
                text:
                    "\u{feff}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t1\t2\tOne.\tTwo.\r\n"
            ) == [Entry(index: "0", text: "One.", pair: "Two.")])
        #expect(
            try entries("qqp", "test.tsv", text: "id\tquestion1\tquestion2\n5\tWhy?\tHow?\n")
                == [Entry(index: "5", text: "Why?", pair: "How?")])
        let parses =
            "sentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse"
        #expect(
            try entries(
                "mnli", "test_mismatched.tsv",
                text: "index\tpromptID\tpairID\tgenre\t\(parses)\tsentence1\tsentence2\n"
                    + "3\t1\t2\tverbatim\t(\t(\t(\t(\tOne.\tTwo.\n")
                == [Entry(index: "3", text: "One.", pair: "Two.")])
        #expect(
            try entries(
                "mnli", "diagnostic.tsv", text: "index\tsentence1\tsentence2\n0\tOne.\tTwo.\n")
                == [Entry(index: "0", text: "One.", pair: "Two.")])
        #expect(
            try entries(
                "boolq", "test.jsonl",
                text: "{\"question\": \"is it\", \"passage\": \"It is.\", \"idx\": 4}\n")
                == [Entry(index: "4", text: "is it", pair: "It is.")])
        #expect(
            try entries(
                "wic", "test.jsonl",
                text: "{\"word\": \"a\", \"sentence1\": \"A b.\", \"sentence2\": \"A c.\"}\n")
                == [Entry(index: "0", text: "a: A b.", pair: "a: A c.")])
    }

    /// Reads a table by a submission of a task of single texts.
    private func rows(_ table: String, _ keys: String = "") throws -> SubmissionRows {
        let task = try workspace.definition(
            singleTask("tsv", more: "submissions: [{rows: t.tsv, file: A.tsv\(keys)}]"))
        return try SubmissionRows(
            task.submissions[0], of: task, in: workspace.write(table, "t.tsv"))
    }

    @Test("a bad row keeps its place, with its number for an index")
    func badRows() throws {
        let rows = try rows("index\ttext\n0\ta\n1\t\n2\tc\td\n3\td\n")
        #expect(rows.entries.map(\.index) == ["0", "1", "2", "3"])
        #expect(rows.entries.map(\.text) == ["a", nil, nil, "d"])
        #expect(rows.badRowCount == 2 && rows.badRows.map(\.line) == [3, 4])
    }

    @Test("an index must be there where the task names it, and may come only once")
    func indices() throws {
        #expect(try rows("text\na\nb\n").entries.map(\.index) == ["0", "1"])
        let twice = try message { _ = try rows("index\ttext\n1\ta\n1\tb\n") }
        #expect(twice.contains("t.tsv:3: the index `1` is that of line 2, too"))
        let lacking = try message { _ = try rows("index\ttext\n1\ta\n", ", index: idx") }
        #expect(lacking.contains("the header lacks the column `idx` (columns.index)"), "\(lacking)")
        #expect(
            try rows("7\ta\n8\tb\n", ", header: false, index: 1, text: 2").entries.map(\.index)
                == ["7", "8"])
    }
}
