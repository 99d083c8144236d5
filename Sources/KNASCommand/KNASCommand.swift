import ArgumentParser
import CKernels
import Foundation
import KNAS
import Support

/// The command line.
struct KNASCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "knas",
        abstract:
            "Finds the best small classifier head for your text task without training all of them.",
        discussion: """
            A search scores thousands of heads on top of a frozen pretrained encoder by their gradient \
            kernel, trains the best few, evaluates the winner and exports it.

            EXAMPLES
              knas encoder install
              knas search messages.csv
              knas search front-desk --run runs/front-desk
              knas search mrpc --data ~/MRPC --candidates 300 --keep 6 --seeds 3
              knas evaluate runs/front-desk/model front-desk --split test
              echo "More towels, please" | knas predict runs/front-desk

            EXIT CODES
              0 done, 64 wrong usage, 65 bad input data, 66 missing file, 70 internal error, 74 input or \
            output failed, 130 stopped by Ctrl-C, SIGTERM or SIGHUP (a run can be resumed). A reader that \
            leaves (knas ... | head) is no error.
            """,
        version: Version.current,
        subcommands: [
            EncoderCommand.self, TaskCommand.self, AuditCommand.self, FeaturesCommand.self,
            SearchCommand.self, CurveCommand.self, NextCommand.self,
            CorrelateCommand.self, EvaluateCommand.self, PredictCommand.self, ExportCommand.self,
            PlanCommand.self, ScoreCommand.self, TrainCommand.self, MergeCommand.self,
            RunsCommand.self, CacheCommand.self, TokensCommand.self, VocabCommand.self,
            DoctorCommand.self, SelfTestCommand.self,
        ])
}

@main
enum Main {
    static func main() {
        StandardStreams.open()
        // Otherwise a search would keep a third more memory than it uses.
        knas_return_freed_memory()
        Interruption.install()
        let code = status()
        // Without the libraries' own ends: OpenBLAS waits for its threads, and where there is too little
        // memory for their buffers, those never come to one. Nothing is left to be written.
        fflush(nil)
        _exit(code)
    }

    /// Does what was asked for; returns the exit code.
    private static func status() -> Int32 {
        do {
            do {
                let arguments = Array(CommandLine.arguments.dropFirst())
                try Misspelling.check(arguments)
                var command = try KNASCommand.parseAsRoot(arguments.joiningNegativeNumbers)
                try EncoderOffer.running { try command.run() }
            } catch let error where isOfParser(error) {
                // Help and completions are errors to the parser, and go to standard output.
                let code = KNASCommand.exitCode(for: error)
                let text = KNASCommand.fullMessage(for: error)
                if code.isSuccess {
                    if !text.isEmpty { try StandardStreams.writeLine(text) }
                } else {
                    if !text.isEmpty { StandardStreams.diagnose(text.safeForTerminal + "\n") }
                    return code.rawValue
                }
            }
            try StandardStreams.close()
            return 0
        } catch is ReaderGone {
            return 0
        } catch let error as any DiagnosedError {
            Console.error(error.description)
            return error.kind.rawValue
        } catch let error as CocoaError {
            Console.error(error.localizedDescription)
            return ErrorKind.inputOutput.rawValue
        } catch {
            Console.error("\(error)")
            return ErrorKind.internalError.rawValue
        }
    }

    private static func isOfParser(_ error: any Error) -> Bool {
        String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }
}
