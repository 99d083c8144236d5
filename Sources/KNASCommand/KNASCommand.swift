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
              knas search front-desk --run runs/front-desk
              knas search mrpc --data ~/MRPC --candidates 300 --keep 6 --seeds 3
              knas evaluate runs/front-desk/model front-desk --split test
              echo "More towels, please" | knas predict runs/front-desk/model
            """,
        version: Version.current,
        subcommands: [
            EncoderCommand.self, TaskCommand.self, FeaturesCommand.self, SearchCommand.self,
            CorrelateCommand.self, EvaluateCommand.self, PredictCommand.self, ExportCommand.self,
            PlanCommand.self, ScoreCommand.self, TrainCommand.self, MergeCommand.self,
            RunsCommand.self, VocabCommand.self,
            DoctorCommand.self,
        ])
}

@main
enum Main {
    static func main() {
        // Otherwise a search would keep a third more memory than it uses.
        knas_return_freed_memory()
        // A reader that closed the pipe (`knas predict ... | head`) is not an error.
        signal(SIGPIPE, SIG_IGN)
        Interruption.install()
        do {
            try Misspelling.check(Array(CommandLine.arguments.dropFirst()))
            var command = try KNASCommand.parseAsRoot()
            try command.run()
        } catch let error as any DiagnosedError {
            Console.error(error.description)
            exit(error.kind.rawValue)
        } catch {
            KNASCommand.exit(withError: error)
        }
    }
}
