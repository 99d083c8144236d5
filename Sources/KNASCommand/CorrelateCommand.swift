import ArgumentParser
import Foundation
import Scoring
import Study
import Tasks

struct CorrelateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correlate",
        abstract: "Measures how well proxies rank heads: draws heads, scores and trains each.",
        discussion: """
            Heads are drawn so that their sizes spread evenly. For every proxy the table has Spearman's \
            rho and Kendall's tau with dev accuracy (cross-validated over train where dev is small), \
            the rho's 95 % interval by bootstrap, rho with the training loss, and the accuracy of the \
            best head in the proxy's top tenth. With --repeats 2 it also shows the ceiling: how well two \
            trainings of the same heads agree. Writes heads.csv, linear.csv (the exact linear head of every \
            layer), correlation.json and correlation.html to the run directory.

            With --unfreeze, every head is fine-tuned with the encoder after that, gated beside the exact \
            linear head, and accuracies are those of fine-tuning; the table then has proxies from the gradient \
            kernel of the whole model before its encoder is trained (unfrozen-...), and how heads do on the \
            frozen encoder (frozen-accuracy, frozen-loss).

            EXAMPLES
              knas correlate mrpc --data ~/MRPC --heads 40
              knas correlate rte --data ~/RTE --heads 60 --folds 4 --repeats 2 --resume
              knas correlate front-desk --vote "vote(naswot, alignment)" --json
              knas correlate rte --data ~/RTE --heads 24 --unfreeze all --finetune-epochs 1
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    @OptionGroup(title: "Scoring") var scoring: ScoringOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup var rows: RowOptions
    @OptionGroup(title: "Fine-tuning") var fineTune: FineTuneArguments
    @OptionGroup var global: GlobalOptions

    private static let standard = CorrelationConfiguration(
        task: URL(fileURLWithPath: "/"), directory: URL(fileURLWithPath: "/"))

    @Option(help: "Heads to draw and train.")
    var heads = Self.standard.heads
    @Option(help: "Trainings of each head, with different seeds.")
    var repeats = Self.standard.repeats
    @Option(help: "1: accuracy on dev; more: cross-validation over train (4 where dev is small).")
    var folds: Int?
    @Option(help: "A vote to report along with the single proxies; may be given several times.")
    var vote: [String] = []
    @Option(help: "Seed of everything random.")
    var seed = Self.standard.seed
    @Option(
        name: .customLong("run"), help: "Directory for the results (default: runs/correlate-TASK)."
    )
    var runDirectory: String?
    @OptionGroup var resuming: ResumeOptions

    func run() throws {
        let console = global.console
        let definition = try task.definitionURL()
        let name = TaskLocator.stem(of: definition)
        let directory = URL(
            fileURLWithPath: runDirectory ?? "runs/correlate-\(name)", isDirectory: true)
        var configuration = CorrelationConfiguration(task: definition, directory: directory)
        task.apply(to: &configuration.input)
        encoder.apply(to: &configuration.input)
        configuration.input.rows = rows.limits
        scoring.apply(to: &configuration.scoring, &configuration.space)
        training.apply(to: &configuration.training)
        configuration.fineTuning = fineTune.options(configuration.training)
        configuration.threads = encoder.threads
        configuration.seed = seed
        configuration.heads = heads
        configuration.repeats = repeats
        configuration.folds = folds
        configuration.votes = try vote.map { try ProxyExpression($0) }
        configuration.mode = resuming.mode
        let result = try resuming.explainingInterruption(console) {
            try CorrelationStudy(
                configuration, progress: console.progress, note: { console.note($0) }
            ).run()
        }
        console.finish()
        let page = directory.appendingPathComponent("correlation.html").path
        try global.show(result, Self.table(result) + "\npage: \(page)")
    }

    static func table(_ result: CorrelationResult) -> String {
        func number(_ value: Double?) -> String {
            (value.map { String(format: "%.3f", $0) } ?? "-").leftPadded(7)
        }
        let width = result.proxies.map(\.name.count).max() ?? 0
        var lines = [
            "proxy".padded(width + 2)
                + "    rho  interval           tau  rho(loss)  best in top tenth"
        ]
        for entry in result.proxies {
            let interval =
                entry.interval.map { "[\(number($0[0])), \(number($0[1]))]" }
                ?? "".leftPadded(18)
            lines.append(
                entry.name.padded(width + 2)
                    + "\(number(entry.spearman)) \(interval) \(number(entry.kendall))    "
                    + "\(number(entry.spearmanTrainingLoss))            "
                    + number(entry.bestInTopTenth) + (entry.default ? "  default" : ""))
        }
        if let ceiling = result.ceiling {
            lines.append("ceiling (two trainings of the same heads): rho \(number(ceiling))")
        }
        lines.append(
            "\(result.heads) heads, accuracies \(number(result.accuracies.first)) to "
                + number(result.accuracies.last))
        return lines.joined(separator: "\n")
    }
}
