import Foundation

/// The program as a user starts it.
enum Program {
    struct Outcome {
        let code: Int32
        let output: String
        let error: String
    }

    /// Where it was built.
    static let url = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("knas")

    static func run(_ arguments: [String], in directory: URL) throws -> Outcome {
        try start(url, arguments, in: directory)
    }

    /// Gives a line to a shell that finds the program by its name.
    static func shell(_ line: String, in directory: URL) throws -> Outcome {
        try start(URL(fileURLWithPath: "/bin/bash"), ["-c", line], in: directory)
    }

    private static func start(
        _ program: URL, _ arguments: [String], in directory: URL
    ) throws -> Outcome {
        // Outputs go to files, which never fill up.
        let files = ["output", "error"].map { name in
            directory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        for file in files { try Data().write(to: file) }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = directory
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PATH": url.deletingLastPathComponent().path + ":" + path]
        ) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus,
            output: try String(contentsOf: files[0], encoding: .utf8),
            error: try String(contentsOf: files[1], encoding: .utf8))
    }
}
