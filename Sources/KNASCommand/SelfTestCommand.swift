import ArgumentParser
import Foundation
import KNAS
import Support

struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-test",
        abstract: "Tries every part of the program once, in seconds and without a network.",
        discussion: """
            Makes up rows and an encoder of random weights, searches for a head, answers, exports; then \
            opens each installed encoder. Nothing is left behind. The exit code is 1 if something does \
            not work.

            EXAMPLES
              knas self-test
              knas self-test --json | jq .passes
            """)
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let cache = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-self-test-cache-\(getpid())", isDirectory: true)
        // What made-up texts give has no place among the user's features.
        setenv("KNAS_CACHE", cache.path, 1)
        defer { try? FileManager.default.removeItem(at: cache) }
        let console = global.console
        let test = try SelfTest(threads: threads.threads, progress: console.progress) { check in
            console.finish()
            if Interruption.isRequested { throw Interrupted() }
            guard !global.json else { return }
            try StandardStreams.writeLine(Self.line(check).safeForTerminal)
        }
        if global.json {
            try global.show(test, "")
        } else {
            try StandardStreams.writeLine(
                test.passes ? "all is well" : "something does not work, see above")
        }
        if !test.passes { throw ExitCode.failure }
    }

    private static func line(_ check: SelfTest.Check) -> String {
        let seconds = String(format: "%6.2f s", check.seconds)
        return check.problem.map { "FAILED \(seconds)  \(check.name): \($0)" }
            ?? "ok     \(seconds)  \(check.name): \(check.finding)"
    }
}
