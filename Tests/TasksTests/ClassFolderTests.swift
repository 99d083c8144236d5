import Foundation
import Support
import Testing

@testable import Tasks

@Suite("Directories in place of task files")
struct ClassFolderTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func write(_ folder: String, _ count: Int = 10) throws {
        for row in 0..<count {
            try workspace.write("\(folder) \(row)\nmore\n", "\(folder)/\(row).txt")
        }
    }

    private func load(_ name: String) throws -> (TaskDefinition, Dataset) {
        let url = try TaskLocator.find(
            workspace.url.appendingPathComponent(name).path, searchPaths: [])
        let task = try TaskDefinition.load(url)
        return (task, try Dataset.load(task, dataDirectory: nil))
    }

    @Test("folders are classes, hidden files and what has no class are passed over")
    func classes() throws {
        for folder in ["pos", "neg", "unsup"] { try write("reviews/\(folder)") }
        try workspace.write("x", "reviews/pos/.hidden")
        try workspace.write("x", "reviews/README")
        try workspace.write("x", "reviews/pos/urls.csv")
        let (task, set) = try load("reviews")
        #expect(set.name == "reviews" && set.labels.map(\.name) == ["neg", "pos"])
        #expect(set.train.count == 12 && set.dev.count == 4 && set.test.count == 4)
        #expect(set.train.allSatisfy { $0.text.hasSuffix("\nmore") })
        #expect(set.report.notes.contains { $0.contains("unsup is not read: its 10 texts") })
        #expect(task.guess[0].contains("neg 10, pos 10"))
        // The task file reads the same.
        let file = try workspace.write(TaskFileText.text(task, in: workspace.url), "mine.yml")
        let again = try Dataset.load(TaskDefinition.load(file), dataDirectory: nil)
        #expect(again.digest == set.digest && again.test == set.test)
    }

    @Test("folders named after splits are above those of classes")
    func splits() throws {
        for split in ["train", "test"] {
            for folder in ["pos", "neg", "unsup"] { try write("aclImdb/\(split)/\(folder)") }
        }
        let (_, set) = try load("aclImdb")
        #expect(set.train.count == 16 && set.dev.count == 4 && set.test.count == 20)
        #expect(set.labels.map(\.name) == ["neg", "pos"])
        #expect(set.test[0].text.hasPrefix("aclImdb/test/neg"))
    }

    @Test("a text that is not UTF-8, or empty, is a bad row with the name of its file")
    func bad() throws {
        for folder in ["a", "b"] { try write(folder) }
        try workspace.write(Data([0x61, 0xe9, 0x62]), "a/11")
        try workspace.write("  \n", "b/12.txt")
        let url = workspace.url
        let text = try message {
            _ = try Dataset.load(TaskDefinition.load(url), dataDirectory: nil)
        }
        #expect(text.contains("a/11:1: not valid UTF-8 at byte 2"), "\(text)")
        #expect(text.contains("b/12.txt:1: the text is empty"), "\(text)")
        let set = try Dataset.load(
            TaskDefinition.load(url), dataDirectory: nil, options: .init(skipBadRows: true))
        #expect(set.report.badRowCount == 2)
    }

    @Test("files named after splits are the splits; a test file without labels is not used")
    func files() throws {
        let rows = { (name: String) in (0..<20).map { "\(name) text \($0)\t\($0 % 2)\n" }.joined() }
        for name in ["train", "dev", "test"] {
            try workspace.write("sentence\tlabel\n" + rows(name), "data/\(name).tsv")
        }
        #expect(try load("data").1.report.splits.map(\.rows) == [20, 20, 20])
        try workspace.write("index\tsentence\n0\ta b\n1\tb c\n", "data/test.tsv")
        let (task, set) = try load("data")
        #expect(set.test.count == 4 && set.dev.count == 20)
        #expect(
            task.guess.contains { $0.contains("test.tsv is not used: it has no column `label`") })
    }

    @Test("a directory without data, or with programs in folders, is no task")
    func others() throws {
        try write("one/class")
        for folder in ["a", "b"] {
            try workspace.write("x", "code/\(folder)/LICENSE")
            try workspace.write("x", "code/\(folder)/a.swift")
        }
        for name in ["one", "code"] {
            #expect(
                try message { _ = try load(name) }.contains("is a directory, expected a task file"))
        }
    }
}
