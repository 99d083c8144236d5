import ArgumentParser
import Foundation
import KNAS
import Scoring
import Search
import Selection
import Tasks

/// How many heads, and where the run is kept.
struct RunArguments: ParsableArguments {
    @Option(help: "Heads to score (default: 300).")
    var candidates: Int?
    @Option(name: .customLong("run"), help: "Directory for the results (default: runs/TASK).")
    var directory: String?
    @OptionGroup var resuming: ResumeOptions
}

/// How long a search may take.
struct TimeArguments: ParsableArguments {
    @Option(
        name: .customLong("time-limit"),
        help: ArgumentHelp(
            "Make the best model within this time, as in 90s, 10m or 1h.",
            discussion: """
                From 30s. An answer of linear heads comes first; then the search is as wide as fits, by \
                what the run measures of this machine, and ends with what there is when the time is up. Where \
                there is time to train the encoder too, that is done (--frozen: never), and with much time pairs are read in \
                both ways, unless --pairing says how. \
                The plan is shown as options that give the same result again. With --resume the search \
                goes on, and never to a worse held-out estimate.
                """,
            valueName: "time"))
    var limit: TimeSpan?
    @Flag(
        help: ArgumentHelp(
            "With --time-limit: never train the encoder.",
            discussion: """
                Otherwise a linear head is trained with the whole encoder where that fits, and answers alone or beside \
                the search's heads if that is better on dev; together they cost two passes of the encoder, \
                which --max-cost bounds.
                """))
    var frozen = false
    @Flag(
        help: ArgumentHelp(
            "With --resume: end an interrupted search with what it has found.",
            discussion: "Nothing more is scored or trained; the best of what there is answers."))
    var finish = false
}

/// Seconds as people write them: `90s`, `10m`, `1h`.
struct TimeSpan: ExpressibleByArgument {
    let seconds: Double

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
        guard let unit = argument.last.flatMap({ units[$0] }),
            let number = Double(argument.dropLast()), number > 0, number.isFinite
        else { return nil }
        seconds = number * unit
    }
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

    @Option(
        help: ArgumentHelp(
            "How much work the search does: fast, standard (default) or thorough.",
            discussion: Preset.allCases.map { "\($0): \($0.arguments)" }.joined(separator: "\n")))
    var preset: Preset?
    @Option(help: "Heads that begin to be trained, chosen by score and spread (default: 64).")
    var funnel: Int?
    @Option(help: "Heads that are trained to the end and tried on held-out rows (default: 12).")
    var keep: Int?
    @OptionGroup var rows: RowOptions
    @Option(help: "Held-out rows that heads are compared on, at least (default: 2000).")
    var heldOutRows: Int?
    @Option(help: "Most heads that answer together.")
    var members = SelectionConfiguration().members
    @Option(
        help: ArgumentHelp(
            "What answering may cost, as a multiple of the encoder's pass alone, as in 1.5x.",
            discussion: """
                A second encoder or pairing costs a further pass, and so does a fine-tuned head beside heads on \
                the frozen encoder (--unfreeze).
                """,
            valueName: "factor"))
    var maxCost: CostFactor?
    @Flag(help: "Export the best head by itself instead of a portfolio.")
    var single = false
    @Option(
        help: ArgumentHelp(
            "What the result is compared with: none, quick or full (default: quick).",
            discussion: """
                quick: a linear head and an MLP, which takes seconds. full: also random search with as \
                many multiply-adds as the search, the search without its scores, and a portfolio of \
                linear heads, which takes three times as long.
                """))
    var controls: ControlChoice?
    @Option(
        help: ArgumentHelp(
            "What heads are ranked by: a proxy, vote(a, b, ...) or learned.",
            discussion: (ProxyRegistry.all.map { "\($0.name): \($0.summary)" } + [
                "learned: proxies, layers and traits of heads, as trained heads have taught"
            ]).joined(separator: "\n")))
    var proxy = SearchConfiguration().expression.description
    @Option(
        help: ArgumentHelp(
            "How heads are proposed.",
            discussion: StrategyRegistry.all.map { "\($0.name): \($0.summary)" }
                .joined(separator: "\n")))
    var strategy = SearchConfiguration().strategy
    @Option(help: "Train this head instead of searching; see leaderboard.csv for the form.")
    var head: String?
    @Option(help: "Other training configurations of the best head that may become members.")
    var tune = SelectionConfiguration().tuning
    @Flag(
        inversion: .prefixedNo,
        help: "Let exactly fitted linear heads become members, or the model.")
    var linearHeads = SelectionConfiguration().fitsLinearHeads
    @Option(
        help: ArgumentHelp(
            "Trainings on all training rows (default: 3 for one head, 1 for each member).",
            discussion: """
                A member of a portfolio also answers with its trainings on parts of the rows, three heads \
                at least.
                """))
    var seeds: Int?
    @Flag(
        help: ArgumentHelp(
            "Export one head, trained with several seeds whose probabilities are averaged.",
            discussion: "The head's weights and time grow with the seeds; the encoder runs once."))
    var ensemble = SelectionConfiguration().averagesSeeds
    @Option(help: "Seed of everything random: a whole number from 0.")
    var seed: UInt64 = 1
}

/// How many rows are read.
struct RowOptions: ParsableArguments {
    @Option(help: "Training rows at most, drawn class by class (default: all).")
    var trainRows: Int?
    @Option(help: "Dev rows at most, drawn in the same way (default: all).")
    var devRows: Int?
    @Option(help: "Test rows at most, drawn in the same way (default: all).")
    var testRows: Int?

    var limits: RowLimits {
        var limits = RowLimits()
        (limits.train, limits.dev, limits.test) = (trainRows, devRows, testRows)
        return limits
    }

    /// The options that were typed.
    var given: [String] {
        Split.allCases.filter { limits[$0] != nil }.map { "--\($0.rawValue)-rows" }
    }
}

extension ControlChoice: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}

/// A factor as people write it: `1.5x` or `1.5`.
struct CostFactor: ExpressibleByArgument {
    let value: Double

    init?(argument: String) {
        let number = argument.hasSuffix("x") ? String(argument.dropLast()) : argument
        guard let value = Double(number), value.isFinite else { return nil }
        self.value = value
    }
}

extension SearchChoices {
    /// - Parameter candidates: what was given for `--candidates`.
    /// - Throws: `ValidationError` where an option is given that would have no effect.
    func check(candidates: Int?, hasTimeLimit: Bool) throws {
        let width: [(name: String, isGiven: Bool)] = [
            ("--candidates", candidates != nil), ("--funnel", funnel != nil),
            ("--keep", keep != nil), ("--preset", preset != nil),
        ]
        let rows: [(name: String, isGiven: Bool)] =
            [
                ("--seeds", seeds != nil), ("--held-out-rows", heldOutRows != nil),
            ] + self.rows.given.map { (name: $0, isGiven: true) }
        if hasTimeLimit, let given = (width + rows).first(where: \.isGiven) {
            throw ValidationError("--time-limit decides \(given.name): give one or the other")
        }
        if head != nil, let given = width.first(where: \.isGiven) {
            throw ValidationError(
                "\(given.name) has no effect beside --head, which trains one head")
        }
    }

    /// - Parameter candidates: heads that are scored; no more can be trained.
    fileprivate func apply(to selection: inout SelectionConfiguration, candidates: Int) {
        selection.keep = keep ?? min(selection.keep, candidates)
        selection.heldOutRows = heldOutRows ?? selection.heldOutRows
        selection.funnel = funnel ?? max(selection.keep, selection.funnel)
        selection.members = members
        selection.largestCost = maxCost?.value
        selection.exportsSingle = single || ensemble
        selection.controls = controls ?? selection.controls
        selection.tuning = tune
        selection.fitsLinearHeads = linearHeads
        selection.seeds = seeds ?? selection.seeds
        selection.averagesSeeds = ensemble
    }
}

extension SearchOptions {
    /// The head that is trained instead of a search.
    var head: String? { choices.head }

    /// The configuration of a run in the given directory, by default one named after the task.
    func configuration(_ run: RunArguments, head: String? = nil) throws -> RunConfiguration {
        let name = TaskLocator.stem(of: try task.definitionURL())
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
    ///   - candidates: heads to score; `nil` for the preset's.
    ///   - head: the head to train instead of a search.
    func configuration(run: URL, candidates: Int?, head: String? = nil) throws -> RunConfiguration {
        var configuration = RunConfiguration(task: try task.definitionURL(), run: run)
        configuration.apply(choices.preset ?? .standard)
        task.apply(to: &configuration.input)
        configuration.input.rows = choices.rows.limits
        encoder.apply(to: &configuration.input)
        choices.scoring.apply(to: &configuration.search.scoring, &configuration.space)
        choices.training.apply(to: &configuration.selection.training)
        configuration.selection.epochs = choices.training.epochs
        configuration.search.candidates =
            head == nil ? candidates ?? configuration.search.candidates : 1
        configuration.search.expression = try ProxyExpression(choices.proxy)
        configuration.search.strategy = try StrategyRegistry.find(choices.strategy).name
        choices.apply(to: &configuration.selection, candidates: configuration.search.candidates)
        configuration.fineTuning = choices.fineTune.options(configuration.selection.training)
        configuration.fitsFewRows =
            candidates == nil && choices.preset == nil && choices.funnel == nil
            && choices.keep == nil && choices.strategy == SearchConfiguration().strategy
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
