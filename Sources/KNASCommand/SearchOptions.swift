import ArgumentParser
import Foundation
import KNAS
import Scoring
import Search
import Selection

/// How many heads, and where the run is kept.
struct RunArguments: ParsableArguments {
    @Option(help: "Heads to score.")
    var candidates = SearchConfiguration().candidates
    @Option(name: .customLong("run"), help: "Directory for the results (default: runs/TASK).")
    var directory: String?
    @OptionGroup var resuming: ResumeOptions
}

/// Everything that decides what a search finds; the commands for pieces of a search take the same.
struct SearchOptions: ParsableArguments {
    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var choices: SearchChoices
}

/// What decides what a search finds, apart from the task and the encoder.
struct SearchChoices: ParsableArguments {
    @OptionGroup(title: "Scoring") var scoring: ScoringOptions
    @OptionGroup(title: "Training") var training: TrainingOptions
    @OptionGroup(title: "Fine-tuning") var fineTune: FineTuneArguments

    @Option(help: "Heads to train, the best by score.")
    var keep = SelectionConfiguration().keep
    @Option(
        help: ArgumentHelp(
            "What heads are ranked by: a proxy or vote(a, b, ...).",
            discussion: ProxyRegistry.all.map { "\($0.name): \($0.summary)" }
                .joined(separator: "\n")))
    var proxy = SearchConfiguration().expression.description
    @Option(
        help: ArgumentHelp(
            "How heads are proposed.",
            discussion: StrategyRegistry.all.map { "\($0.name): \($0.summary)" }
                .joined(separator: "\n")))
    var strategy = SearchConfiguration().strategy
    @Option(help: "Train this head instead of searching; see leaderboard.csv for the form.")
    var head: String?
    @Option(help: "Training configurations tried for the best head, on held-out rows; 0 for none.")
    var tune = SelectionConfiguration().tuning
    @Flag(
        inversion: .prefixedNo,
        help: "Have exactly fitted linear heads compete with the search's best on held-out rows.")
    var linearHeads = SelectionConfiguration().fitsLinearHeads
    @Option(help: "Seeds that the exported head is trained with; metrics are means over them.")
    var seeds = SelectionConfiguration().seeds
    @Flag(
        help: ArgumentHelp(
            "Export all seeds' heads as one model that averages their probabilities.",
            discussion: """
                The head's weights and time grow with the seeds; the encoder runs once. Controls are \
                averaged in the same way. A finished run can be re-exported with --resume --ensemble.
                """))
    var ensemble = SelectionConfiguration().averagesSeeds
    @Option(help: "Seed of everything random.")
    var seed: UInt64 = 1
}

extension SearchOptions {
    /// The head that is trained instead of a search.
    var head: String? { choices.head }

    /// The configuration of a run in the given directory, by default one named after the task.
    func configuration(_ run: RunArguments, head: String? = nil) throws -> RunConfiguration {
        let name = try task.definitionURL().deletingPathExtension().lastPathComponent
        let directory = URL(fileURLWithPath: run.directory ?? "runs/\(name)", isDirectory: true)
        var configuration = try configuration(
            run: directory, candidates: run.candidates, head: head)
        configuration.mode = run.resuming.mode
        configuration.command =
            ReproducingCommand(
                CommandLine.arguments, task: task.task, name: try task.shownName()
            ).text
        return configuration
    }

    /// - Parameters:
    ///   - candidates: heads to score.
    ///   - head: the head to train instead of a search.
    func configuration(run: URL, candidates: Int, head: String? = nil) throws -> RunConfiguration {
        var configuration = RunConfiguration(task: try task.definitionURL(), run: run)
        task.apply(to: &configuration.input)
        encoder.apply(to: &configuration.input)
        choices.scoring.apply(to: &configuration.search.scoring, &configuration.space)
        choices.training.apply(to: &configuration.selection.training)
        configuration.search.candidates = head == nil ? candidates : 1
        configuration.search.expression = try ProxyExpression(choices.proxy)
        configuration.search.strategy = try StrategyRegistry.find(choices.strategy).name
        configuration.selection.keep = head == nil ? choices.keep : 1
        configuration.selection.tuning = choices.tune
        configuration.selection.fitsLinearHeads = choices.linearHeads
        configuration.selection.seeds = choices.seeds
        configuration.selection.averagesSeeds = choices.ensemble
        configuration.fineTuning = choices.fineTune.options(configuration.selection.training)
        configuration.head = head
        configuration.seed = choices.seed
        configuration.threads = encoder.threads
        return configuration
    }
}

extension Console {
    /// A pipeline that reports its progress to this console.
    func pipeline(_ configuration: RunConfiguration) -> Pipeline {
        Pipeline(configuration, progress: progress, note: { self.note($0) })
    }
}
