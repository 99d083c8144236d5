import Foundation
import Tasks
import Testing

/// The tasks that come with the program.
@Suite struct RepositoryTaskTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Directory with `MRPC`, `RTE` and `SST-2` as they are distributed, if the user has them.
    private static let data = ProcessInfo.processInfo.environment["KNAS_TEST_DATA"]

    private static let names = TaskLocator.names(searchPaths: [root])

    @Test("every task of the repository is well formed", arguments: names)
    func wellFormed(name: String) throws {
        let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        #expect(task.name == name)
        #expect(!task.description.isEmpty && !task.source.isEmpty)
        for (_, file) in task.files { #expect(task.source.contains(file)) }
        #expect((task.pairing == nil) == (task.columns.pair == nil))
        #expect(Set(task.publishedRows.keys) == [.train, .test])
    }

    @Test(
        "the bundled tasks have the rows that they say",
        arguments: ["front-desk", "paraphrase", "requests", "similarity"])
    func bundled(name: String) throws {
        let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        let rows = try Dataset.load(task, dataDirectory: nil).report.publishedRows
        #expect(rows.count == 2 && rows.allSatisfy { $0.found == $0.published })
    }

    @Test("the table of tasks in the documentation is that of the task files")
    func table() throws {
        let lines = try Self.names.map { name in
            let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
            func code(_ names: [String]) -> String {
                names.isEmpty ? "none" : names.map { "`\($0)`" }.joined(separator: ", ")
            }
            let cells = [
                "[\(name)](../tasks/\(name).yml)", "\(task.publishedRows[.train] ?? 0)",
                "\(task.publishedRows[.test] ?? 0)",
                task.labels?.map(\.name).joined(separator: ", ") ?? "in the data",
                (task.metrics?.first ?? .accuracy).rawValue, code(task.files.map(\.file)),
                code(task.submissions.map(\.file)),
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
        let page = try String(
            contentsOf: Self.root.appendingPathComponent("docs/tasks.md"), encoding: .utf8)
        let written = page.split(separator: "\n").filter { $0.hasPrefix("| [") }.map(String.init)
        #expect(written == lines)
    }

    @Test(
        "the distributed files give the published numbers of rows",
        .enabled(if: data != nil),
        arguments: [
            ("mrpc", "MRPC", [3668, 408, 1725]), ("rte", "RTE", [2241, 249, 277]),
            ("sst2", "SST-2", [2000, 1000, 872]),
        ])
    func rows(name: String, directory: String, expected: [Int]) throws {
        let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        let set = try Dataset.load(
            task,
            dataDirectory: URL(fileURLWithPath: Self.data ?? "").appendingPathComponent(directory))
        #expect(set.report.splits.map(\.rows) == expected)
        #expect(set.report.badRows.isEmpty)
        let train = set.report[.train]
        #expect(
            train.rows + train.leftOut + set.report[.dev].rows
                == ["mrpc": 4076, "rte": 2490, "sst2": 67349][name])
    }
}
