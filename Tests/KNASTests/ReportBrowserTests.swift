import Foundation
import TestSupport
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
        // Its byte code is not for the sources' directory.
        let (code, output) = try Process.runToEnd(
            URL(fileURLWithPath: "/usr/bin/env"),
            [
                "python3", script.path, Self.browser ?? "",
                workspace.directory.appendingPathComponent("run/report.html").path,
                workspace.directory.path,
            ], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        #expect(code == 0, "\(output)")
        func picture(_ name: String) throws -> Data {
            try Data(contentsOf: workspace.directory.appendingPathComponent("\(name).png"))
        }
        #expect(try picture("light") != picture("dark"))
    }
}
