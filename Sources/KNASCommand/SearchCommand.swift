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
            once, after everything has been chosen on held-out rows.

            A data file needs no task definition: its columns are guessed and shown, and test rows are set \
            aside where there is no file with them.

            EXAMPLES
              knas search messages.csv
              knas search messages.csv --text body --label topic --test test.csv
              knas search reviews/ --run runs/reviews
              knas search front-desk
              knas search mrpc --data ~/MRPC --time-limit 10m
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
    @OptionGroup(title: "Time") var time: TimeArguments

    func validate() throws {
        try options.choices.check(candidates: place.candidates, hasTimeLimit: time.limit != nil)
        if time.frozen, time.limit == nil {
            throw ValidationError(
                "--frozen needs --time-limit: without, the encoder is trained only with --unfreeze")
        }
    }

    func run() throws {
        let console = global.console
        var configuration = try options.configuration(place, head: options.head)
        configuration.timeLimit = time.limit?.seconds
        configuration.freezesEncoder = time.frozen
        configuration.finishes = time.finish
        let result = try place.resuming.explainingInterruption(
            console, canFinish: !time.finish && options.head == nil
        ) {
            try console.pipeline(configuration).run()
        }
        console.finish()
        try global.show(result, Self.summary(result, directory: configuration.run))
    }

    /// The result in a few lines.
    static func summary(_ result: RunResult, directory: URL) -> String {
        let exported = result.exported
        let lines =
            [headline(exported)]
            + exported.members.map { member in
                "  " + String(format: "%3.0f%%", member.weight * 100)
                    + "  \(member.role.title): \(member.genotype)"
            } + ["", figures(result), ""] + (result.chance.map { ["warning: \($0)", ""] } ?? []) + [
                String(
                    // Within a time limit the last steps may have brought nothing better.
                    format: "\(result.curve == nil ? "took" : "answered after") %.0f s, "
                        + "%.0f MiB at most", result.cost.wallSeconds,
                    Double(result.cost.peakMemoryBytes) / 1_048_576),
                "report: \(directory.appendingPathComponent("report.html").path)",
                "model:  \(directory.appendingPathComponent("model").path)",
            ]
        return lines.joined(separator: "\n")
    }

    /// What answers, and what that takes.
    private static func headline(_ model: RunResult.Model) -> String {
        let heads = model.members.count
        let trainings = model.members.reduce(0) { $0 + $1.seeds }
        let origin = heads == 1 ? model.members[0].origin : nil
        return "exported: \(model.role.title)"
            + (heads > 1 ? " of \(heads) heads" : "")
            + ", \(trainings) \(trainings == 1 ? "training" : "trainings")"
            + (origin.map { " (\($0)), " } ?? ", ")
            + "\(model.parameters) weights, "
            + String(format: "%.2fx the encoder's cost", model.costFactor)
            + (model.temperature == 1
                ? "" : String(format: ", temperature %.2f", model.temperature))
    }

    /// The exported model, one head and the controls: figures, and how far they are apart.
    private static func figures(_ result: RunResult) -> String {
        let metric = result.metrics[0]
        let shown =
            result.metrics
            + (result.metrics.contains(.accuracy) || result.target == .number ? [] : [.accuracy])
        var table = TextTable(
            ["", "held-out \(result.title(of: metric))"]
                + shown.map { "test \(result.title(of: $0))" }
                + ["exported minus this, points"])
        let single = result.single.exportedMinusThis == nil ? [] : [result.single]
        let controls = Role.allCases.compactMap { result.controls[$0.rawValue] }
        for model in [result.exported] + single + controls {
            func number(_ value: Double?) -> String {
                value.map { String(format: "%.3f", $0) } ?? "-"
            }
            let paired = model.exportedMinusThis.map {
                String(
                    format: "%+.1f (%+.1f to %+.1f)", $0.difference * 100,
                    $0.interval.lower * 100, $0.interval.upper * 100)
            }
            table.add(
                [
                    model.role.title,
                    number(model.heldOut?.value(of: metric))
                        + (model.heldOutInterval.map {
                            " (\(number($0.lower)) to \(number($0.upper)))"
                        } ?? ""),
                ]
                    + shown.map { number(model.test.value(of: $0)) } + [paired ?? ""])
        }
        return table.text
    }
}
