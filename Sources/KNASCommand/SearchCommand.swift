import ArgumentParser
import Foundation
import KNAS
import Metrics
import Scoring
import Search
import Training

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Searches a head for a task, trains the winner, evaluates and exports it.",
        discussion: """
            Writes leaderboard.csv, result.json, report.html and model/ to the run directory. The same \
            command gives the same leaderboard, whatever the number of threads. The test split is read \
            once, after everything has been chosen on dev.

            EXAMPLES
              knas search front-desk
              knas search mrpc --data ~/MRPC --candidates 300 --keep 6 --seeds 3 --run runs/mrpc
              knas search rte --data ~/RTE --proxy "vote(mgm-output, alignment)" --strategy evolution
              knas search mrpc --data ~/MRPC --head "projection > pool-mean > pair > classifier"
              knas search mrpc --data ~/MRPC --seeds 5 --ensemble
              knas search mrpc --data ~/MRPC --pairing joint --unfreeze all
            """)

    @OptionGroup var options: SearchOptions
    @OptionGroup var global: GlobalOptions
    @OptionGroup var place: RunArguments

    func run() throws {
        let console = global.console
        let configuration = try options.configuration(place, head: options.head)
        let result = try place.resuming.explainingInterruption(console) {
            try console.pipeline(configuration).run()
        }
        console.finish()
        if global.json {
            try Console.printJSON(result)
        } else {
            print(Self.summary(result, directory: configuration.run))
        }
    }

    /// The result in a few lines.
    static func summary(_ result: RunResult, directory: URL) -> String {
        func line(_ name: String, _ dev: ClassificationMetrics, _ test: ClassificationMetrics)
            -> String
        {
            String(
                format: "  %@ dev %.3f  test %.3f  F1 %.3f  MCC %.3f",
                name.padding(toLength: 36, withPad: " ", startingAt: 0), dev.accuracy,
                test.accuracy, test.f1, test.mcc)
        }
        var lines = [
            "winner: \(result.winner.genotype)",
            "        \(result.winner.parameters) weights, \(result.winner.perSeed.count) seeds"
                + ((result.winner.members ?? 1) > 1 ? ", averaged" : ""),
            line("winner", result.winner.dev, result.winner.test),
        ]
        for (name, baseline) in result.baselines.sorted(by: { $0.key < $1.key }) {
            lines.append(line("control: \(name)", baseline.dev, baseline.test))
        }
        if let tuned = result.finetuned {
            if tuned.genotype == result.winner.genotype {
                lines.append(line("fine-tuned winner", tuned.dev, tuned.test))
            } else {
                lines += [
                    "fine-tuned, a linear head is better on dev: \(tuned.genotype)",
                    line("fine-tuned linear head", tuned.dev, tuned.test),
                ]
            }
            for (name, control) in tuned.controls.sorted(by: { $0.key < $1.key }) {
                lines.append(line("control: \(name)", control.dev, control.test))
            }
        }
        lines += [
            String(
                format: "took %.0f s, %.0f MiB at most", result.cost.wallSeconds,
                Double(result.cost.peakMemoryBytes) / 1_048_576),
            "report: \(directory.appendingPathComponent("report.html").path)",
            "model:  \(directory.appendingPathComponent("model").path)",
        ]
        return lines.joined(separator: "\n")
    }
}
