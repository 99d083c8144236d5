import Foundation
import Tasks
import Testing

/// The tasks that come with the program.
@Suite struct RepositoryTaskTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Directory with `MRPC`, `RTE` and `SST-2` as they are distributed, if the user has them.
    private static let data = ProcessInfo.processInfo.environment["KNAS_TEST_DATA"]

    @Test(
        "every task of the repository is well formed",
        arguments: [
            "mrpc", "rte", "sst2", "paraphrase", "front-desk", "requests", "similarity",
        ])
    func wellFormed(name: String) throws {
        let task = try TaskDefinition.load(TaskLocator.find(name, searchPaths: [Self.root]))
        #expect(task.name == name)
        #expect(!task.description.isEmpty && !task.source.isEmpty)
        for (_, file) in task.files { #expect(task.source.contains(file)) }
        #expect(task.pairing == (task.columns.pair == nil ? nil : .siamese))
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
