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
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var global: GlobalOptions

    @Option(help: "Heads to score.")
    var candidates = 1000
    @Option(help: "Heads to train, the best by score.")
    var keep = 6
    @Option(help: "Random initialisations each head is scored under.")
    var initSeeds = 2
    @Option(help: "Training examples that heads are scored on.")
    var scoringExamples = 64
    @Option(
        help: ArgumentHelp(
            "What heads are ranked by: a proxy or vote(a, b, ...).",
            discussion: ProxyRegistry.all.map { "\($0.name): \($0.summary)" }
                .joined(separator: "\n")))
    var proxy = ProxyExpression.standard.description
    @Option(
        help: ArgumentHelp(
            "How heads are proposed.",
            discussion: StrategyRegistry.all.map { "\($0.name): \($0.summary)" }
                .joined(separator: "\n")))
    var strategy = "random"
    @Option(help: "Most blocks between input and pooling.")
    var blocks = 3
    @Option(help: "Train this head instead of searching; see leaderboard.csv for the form.")
    var head: String?

    @Option(help: "Epochs of the winner; finalists get half.")
    var epochs = 8
    @Option(help: "Seeds the winner is trained with; metrics are means.")
    var seeds = 3
    @Option(help: "Peak learning rate.")
    var learningRate: Float = 1e-3
    @Option(help: "Examples a training step.")
    var batchSize = 32
    @Option(help: "Weight decay of AdamW.")
    var weightDecay: Float = 0.01
    @Option(help: "Share of the target that is spread over all classes.")
    var labelSmoothing: Float = 0
    @Flag(help: "Let every class weigh the same in training.")
    var balanceClasses = false

    @Option(help: "Seed of everything random.")
    var seed: UInt64 = 1
    @Option(name: .customLong("run"), help: "Directory for the results; runs/TASK without it.")
    var runDirectory: String?
    @OptionGroup var resuming: ResumeOptions

    func run() throws {
        let console = global.console
        let definition = try task.definitionURL()
        let name = definition.deletingPathExtension().lastPathComponent
        let directory = URL(fileURLWithPath: runDirectory ?? "runs/\(name)", isDirectory: true)
        var configuration = RunConfiguration(task: definition, run: directory)
        configuration.data = task.dataURL
        configuration.encoder = encoder.encoder
        configuration.layer = encoder.layer
        configuration.pairing = task.pairing
        configuration.maximumLength = task.maximumTokens
        configuration.skipBadRows = task.skipBadRows
        configuration.candidates = head == nil ? candidates : 1
        configuration.keep = head == nil ? keep : 1
        configuration.expression = try ProxyExpression(proxy)
        configuration.strategy = try StrategyRegistry.find(strategy).name
        configuration.maximumBlocks = blocks
        configuration.head = head
        configuration.scoring.initializations = initSeeds
        configuration.scoring.examples = scoringExamples
        configuration.training.epochs = epochs
        configuration.training.learningRate = learningRate
        configuration.training.batchSize = batchSize
        configuration.training.weightDecay = weightDecay
        configuration.training.labelSmoothing = labelSmoothing
        configuration.training.balancesClasses = balanceClasses
        configuration.seeds = seeds
        configuration.seed = seed
        configuration.threads = encoder.threads

        configuration.mode = resuming.mode

        let result = try resuming.explainingInterruption(console) {
            try Pipeline(
                configuration, progress: console.progress, note: { console.note($0) }
            ).run()
        }
        console.finish()
        if global.json {
            try Console.printJSON(result)
        } else {
            print(Self.summary(result, directory: directory))
        }
    }

    /// The result in a few lines.
    static func summary(_ result: RunResult, directory: URL) -> String {
        func line(_ name: String, _ dev: ClassificationMetrics, _ test: ClassificationMetrics)
            -> String
        {
            String(
                format: "  %@ dev %.3f  test %.3f  F1 %.3f  MCC %.3f",
                name.padding(toLength: 22, withPad: " ", startingAt: 0), dev.accuracy,
                test.accuracy, test.f1, test.mcc)
        }
        var lines = [
            "winner: \(result.winner.genotype)",
            "        \(result.winner.parameters) weights, \(result.winner.perSeed.count) seeds",
            line("winner", result.winner.dev, result.winner.test),
        ]
        for (name, baseline) in result.baselines.sorted(by: { $0.key < $1.key }) {
            lines.append(line("control: \(name)", baseline.dev, baseline.test))
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
