import Foundation
import TestSupport
import Testing

/// Interrupting, resuming and looking at runs, as a user types it.
@Suite("Runs on the command line", .serialized)
struct RunsCommandTests {
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("knas")

    /// A process with its outputs in files, which never fill up.
    private func start(_ arguments: [String], in directory: URL) throws -> (Process, URL) {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        let output = directory.appendingPathComponent("output-\(UUID().uuidString)")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return (process, output)
    }

    private func knas(_ arguments: [String], in directory: URL) throws -> (
        code: Int32, text: String
    ) {
        let (process, output) = try start(arguments, in: directory)
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8))
    }

    @Test("Ctrl-C gives 130 and says how to resume; a second process is kept out; runs are managed")
    func wholeLife() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let runs = workspace.directory.appendingPathComponent("runs")
        let run = runs.appendingPathComponent("one")
        let search = [
            "search", workspace.task.path, "--encoder", workspace.encoder.path, "--candidates",
            "3000", "--keep", "2", "--seeds", "1", "--epochs", "2", "--scoring-examples", "16",
            "--run", run.path,
        ]
        let (process, output) = try start(search, in: workspace.directory)
        let store = run.appendingPathComponent("run.sqlite").path
        while process.isRunning, !FileManager.default.fileExists(atPath: store) { usleep(10_000) }
        let second = try knas(search + ["--resume"], in: workspace.directory)
        #expect(second.code == 64)
        #expect(second.text.contains("process \(process.processIdentifier)"), "\(second.text)")
        let running = try knas(["runs", "list", runs.path], in: workspace.directory)
        #expect(running.text.contains("running"), "\(running.text)")
        process.interrupt()
        process.waitUntilExit()
        let said = try String(contentsOf: output, encoding: .utf8)
        #expect(process.terminationStatus == 130, "\(said)")
        #expect(said.contains("--resume"), "\(said)")

        let list = try knas(["runs", "list", runs.path], in: workspace.directory)
        #expect(list.code == 0 && list.text.contains("interrupted at"), "\(list.text)")
        let again = try knas(search, in: workspace.directory)
        let other = try knas(search + ["--resume", "--seed", "2"], in: workspace.directory)
        #expect(other.code == 64 && other.text.contains("seed is 1"), "\(other.text)")
        #expect(again.code == 64 && again.text.contains("--overwrite"), "\(again.text)")

        let short = search.map { $0 == "3000" ? "8" : $0 }
        let done = try knas(short + ["--overwrite"], in: workspace.directory)
        #expect(done.code == 0, "\(done.text)")
        let two = short.map { $0 == run.path ? runs.appendingPathComponent("two").path : $0 }
        #expect(try knas(two + ["--seed", "5"], in: workspace.directory).code == 0)
        let paths = ["one", "two"].map { runs.appendingPathComponent($0).path }
        let compared = try knas(["runs", "compare"] + paths, in: workspace.directory)
        #expect(compared.code == 0 && compared.text.contains("test accuracy"), "\(compared.text)")
        // Rows are not as long as two heads' texts or paths.
        let rows = compared.text.split(whereSeparator: \.isNewline)
        #expect(rows.allSatisfy { $0.count < 140 }, "\(compared.text)")
        let shown = try knas(["runs", "show", paths[0]], in: workspace.directory)
        #expect(shown.text.contains("head 1 ") && shown.text.contains(" > "), "\(shown.text)")
        for command in [["list", runs.path], ["show", paths[0]], ["compare"] + paths] {
            let result = try knas(["runs"] + command + ["--json"], in: workspace.directory)
            #expect(result.code == 0)
            _ = try JSONSerialization.jsonObject(with: Data(result.text.utf8))
        }
        try Data("mine".utf8).write(to: run.appendingPathComponent("notes.txt"))
        #expect(try knas(["runs", "remove", paths[0]], in: workspace.directory).code == 64)
        let removed = try knas(["runs", "remove"] + paths + ["--force"], in: workspace.directory)
        #expect(removed.code == 0, "\(removed.text)")
        let left = try FileManager.default.contentsOfDirectory(atPath: run.path)
        #expect(left == ["notes.txt"], "other files stay")
        #expect(!FileManager.default.fileExists(atPath: paths[1]))
        for missing in [
            ["show", paths[1]], ["remove", paths[1], "--force"], ["list", "/nowhere"],
        ] {
            #expect(try knas(["runs"] + missing, in: workspace.directory).code == 66)
        }
        #expect(try knas(["runs", "compare", paths[0]], in: workspace.directory).code == 64)
    }
}
