import ArgumentParser
import Foundation
import KNAS
import Metrics
import Results
import Scoring
import Search
import Selection
import Training

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Searches for the best head for a task, trains, evaluates and exports it.",
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
              knas search mrpc --data ~/MRPC --encoder multilingual-e5-small,all-minilm-l6-v2
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
        try global.show(result, Self.summary(result, directory: configuration.run))
    }

    /// The result in a few lines.
    static func summary(_ result: RunResult, directory: URL) -> String {
        func line(_ name: String, _ dev: ClassificationMetrics, _ test: ClassificationMetrics)
            -> String
        {
            let figures = result.metrics.map {
                String(format: "%@ %.3f", $0.title, test.value(of: $0))
            }
            return "  " + name.padded(40)
                + String(format: " dev %.3f", dev.value(of: result.metrics[0]))
                + "  test \(figures.joined(separator: "  "))"
        }
        let exported = result.exported
        let seeds = exported.perSeed.count
        var lines = exported.members.map { "exported: \($0.genotype)" }
        lines += [
            "          \(exported.role.title), \(exported.parameters) weights, \(seeds) "
                + (seeds == 1 ? "seed" : "seeds")
                + (exported.members.contains { $0.seeds > 1 } ? ", averaged" : ""),
            line(
                exported.isOneOfSeveral ? "exported: mean of the seeds" : "exported",
                exported.dev, exported.test),
        ]
        if exported.isOneOfSeveral {
            // The seed whose figures the model has, whatever it was chosen by.
            let model = exported.perSeed.first { $0.test == exported.modelTest }
            lines.append(
                line("exported: the model itself", model?.dev ?? exported.dev, exported.modelTest))
        }
        for role in Role.allCases {
            guard let control = result.controls[role.rawValue] else { continue }
            lines.append(line("control: \(role.title)", control.dev, control.test))
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
