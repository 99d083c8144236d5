import Foundation
import Testing

extension ReportTests {
    /// A Chromium, if there is one.
    static let browser = ProcessInfo.processInfo.environment["KNAS_BROWSER"]

    @Test(
        "in a browser loads nothing, sorts by click and key and runs no hostile text",
        .enabled(if: browser?.isEmpty == false, "KNAS_BROWSER names no browser"))
    func inABrowser() throws {
        let (workspace, _) = try Self.hostileRun(pairs: true)
        defer { workspace.remove() }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("check_report.py")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", script.path, Self.browser ?? "",
            workspace.directory.appendingPathComponent("run/report.html").path,
            workspace.directory.path,
        ]
        // Its byte code is not for the sources' directory.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONDONTWRITEBYTECODE": "1"]
        ) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: output, as: UTF8.self))")
        func picture(_ name: String) throws -> Data {
            try Data(contentsOf: workspace.directory.appendingPathComponent("\(name).png"))
        }
        #expect(try picture("light") != picture("dark"))
    }
}
