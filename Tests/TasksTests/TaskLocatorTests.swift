import Foundation
import Support
import Tasks
import Testing

@Suite struct TaskLocatorTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("a task is found by path or by name, in the order of the search paths")
    func finding() throws {
        let first = try workspace.write("a", "one/tasks/mrpc.yml")
        try workspace.write("b", "two/tasks/mrpc.yml")
        let second = try workspace.write("b", "two/tasks/rte.yaml")
        let paths = ["none", "one", "two"].map { workspace.url.appendingPathComponent($0) }
        #expect(try TaskLocator.find("mrpc", searchPaths: paths).path == first.path)
        #expect(try TaskLocator.find("mrpc.yml", searchPaths: paths).path == first.path)
        #expect(try TaskLocator.find("rte", searchPaths: paths).path == second.path)
        #expect(try TaskLocator.find(second.path, searchPaths: []).path == second.path)
        #expect(TaskLocator.names(searchPaths: paths) == ["mrpc", "rte"])
    }

    @Test("a directory stands for its task.yml, or for the only task file in it")
    func directory() throws {
        let only = try workspace.write("a", "one/mine.yaml")
        try workspace.write("a", "two/a.yml")
        try workspace.write("a", "two/b.yml")
        try workspace.write("a", "none/notes.md")
        try workspace.write("a", "data/train.csv")
        func find(_ name: String) throws -> String {
            try TaskLocator.find(workspace.url.appendingPathComponent(name).path, searchPaths: [])
                .path
        }
        #expect(try find("one") == only.path)
        #expect(try message { _ = try find("two") }.contains("there are a.yml, b.yml in it"))
        #expect(
            try message { _ = try find("none") }.contains("is a directory, expected a task file"))
        // Without a task file it stands for its data.
        #expect(try find("data") == workspace.url.appendingPathComponent("data").path)
        let usual = try workspace.write("a", "two/task.yml")
        #expect(try find("two") == usual.path)
    }

    @Test("an unknown name is reported with the known names and the nearest of them")
    func unknown() throws {
        try workspace.write("a", "tasks/front-desk.yml")
        try workspace.write("a", "tasks/rte.yml")
        try workspace.write("a", "tasks/notes.txt")
        do {
            _ = try TaskLocator.find("front_desk", searchPaths: [workspace.url])
            Issue.record("nothing was thrown")
        } catch let error as TaskError {
            #expect(error.kind == .usage)
            #expect(
                error
                    == .unknownTask(
                        name: "front_desk",
                        searched: [workspace.url.appendingPathComponent("tasks").path],
                        found: ["front-desk", "rte"], suggestion: "front-desk"))
        }
    }

    @Test("a path without a file is a missing file", arguments: ["./no/such.yml", "/no/such"])
    func missing(path: String) throws {
        #expect(throws: FileError.missing(path: path)) {
            try TaskLocator.find(path, searchPaths: [workspace.url])
        }
    }

    @Test("odd names are unknown, not trouble", arguments: ["", ".", "..", "a\0b", "\n", ".yml"])
    func odd(name: String) throws {
        #expect(throws: TaskError.self) {
            try TaskLocator.find(name, searchPaths: [workspace.url])
        }
    }
}

@Suite struct SuggestionTests {
    @Test(
        "a near word is suggested",
        arguments: [
            ("lables", "labels"), ("YES", "yes"), ("accurracy", "accuracy"), ("f2", "f1"),
            ("paraphrse", "paraphrase"), ("spilts", "splits"),
        ])
    func near(word: String, expected: String) {
        let words = ["labels", "yes", "accuracy", "f1", "paraphrase", "splits"]
        #expect(closestMatch(to: word, in: words) == expected)
    }

    @Test("a far word is not", arguments: ["", "x", "zebra", "1234567", "lbs"])
    func far(word: String) {
        #expect(closestMatch(to: word, in: ["labels", "accuracy", "a"]) == nil)
    }

    @Test("the first of equally near words wins, and an equal one wins always")
    func order() {
        #expect(closestMatch(to: "cat", in: ["bat", "rat"]) == "bat")
        #expect(closestMatch(to: "rat", in: ["bat", "rat"]) == "rat")
        let long = String(repeating: "x", count: 100)
        #expect(closestMatch(to: long, in: [long + "y"]) == nil)
        #expect(closestMatch(to: long, in: [long]) == long)
    }
}
