import ArgumentParser
import Foundation
import RunStore
import Support

/// What to do with a run that is already in the directory.
struct ResumeOptions: ParsableArguments {
    @Flag(help: "Resume an interrupted run; the other options must be the same as before.")
    var resume = false
    @Flag(help: "Remove the run that is in the directory and start over.")
    var overwrite = false

    func validate() throws {
        if resume, overwrite {
            throw ValidationError("--resume and --overwrite are mutually exclusive")
        }
    }

    var mode: RunStore.Mode { resume ? .resume : overwrite ? .overwrite : .new }

    /// Runs resumable work; on Ctrl-C prints the command that resumes it.
    /// - Parameter canFinish: whether the work can also be ended with what there is.
    /// - Throws: what `body` throws.
    func explainingInterruption<Result>(
        _ console: Console, canFinish: Bool = false, _ body: () throws -> Result
    ) throws -> Result {
        var text = "interrupted; what was finished is kept. Resume it with\n  \(Self.command())"
        if canFinish { text += "\nor end it with what there is:\n  \(Self.command()) --finish" }
        Interruption.setMessage("\nknas: \(text)\n")
        do {
            return try body()
        } catch is Interrupted {
            console.finish()
            Console.error(text)
            throw ExitCode(Interruption.exitCode)
        }
    }

    /// The command that started this process, with `--resume`.
    static func command(_ arguments: [String] = CommandLine.arguments) -> String {
        var words = arguments.filter { $0 != "--overwrite" }
        if !words.contains("--resume") { words.append("--resume") }
        return ShellWord.join(words)
    }
}
