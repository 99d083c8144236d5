import ArgumentParser
import Foundation
import RunStore
import Support

/// What is to become of a run that is in the directory already.
struct ResumeOptions: ParsableArguments {
    @Flag(help: "Go on with an interrupted run; the other options must be the same as then.")
    var resume = false
    @Flag(help: "Remove the run that is in the directory and start anew.")
    var overwrite = false

    func validate() throws {
        if resume, overwrite {
            throw ValidationError("--resume and --overwrite exclude each other")
        }
    }

    var mode: RunStore.Mode { resume ? .resume : overwrite ? .overwrite : .new }

    /// Does work that can be gone on with; when the user stops it, says how.
    /// - Throws: what `body` throws.
    func explainingInterruption<Result>(
        _ console: Console, _ body: () throws -> Result
    ) throws -> Result {
        let text = "interrupted; what was finished is kept. Go on by\n  \(Self.command())"
        Interruption.setMessage("\nknas: \(text)\n")
        do {
            return try body()
        } catch is Interrupted {
            console.finish()
            Console.error(text)
            throw ExitCode(Interruption.exitCode)
        }
    }

    /// The command that this process was started by, with `--resume`.
    static func command(_ arguments: [String] = CommandLine.arguments) -> String {
        var words = arguments.filter { $0 != "--overwrite" }
        if !words.contains("--resume") { words.append("--resume") }
        return words.map(quoted).joined(separator: " ")
    }

    /// A word as a shell takes it.
    private static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=:,@%+".contains($0))
        }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
