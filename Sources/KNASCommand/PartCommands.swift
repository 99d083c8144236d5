import ArgumentParser
import Foundation
import KNAS
import RunStore

extension Shard: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// What the help of every command for a piece of a search says.
let contractOfParts = """
    A search can be done in pieces, by any scheduler: `knas features --shard` encodes a share of the \
    texts, `knas plan` draws the candidates, `knas score` scores a share of them, `knas train` trains a \
    contestant, `knas merge` merges the parts, and `knas search --resume` does the rest and ends \
    with the bytes of an undivided search. All take the same options. A part is written whole or not \
    at all, and can be made and merged again.
    """

/// Where a part is written.
struct PartArguments: ParsableArguments {
    @Option(name: .shortAndLong, help: "The part to write; - is standard output.")
    var output: OutputPath

    var url: URL { output.url }

    /// A pipeline for a piece of a run, which needs neither the run's directory nor its number of
    /// candidates.
    func pipeline(_ options: SearchOptions, _ console: Console) throws -> Pipeline {
        try output.check()
        return console.pipeline(
            try options.configuration(
                run: url, candidates: nil))
    }
}

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Draws a search's candidates and starts its run.",
        discussion: """
            Writes candidates.tsv and plan.json to the run directory. Strategies: random, exhaustive.

            \(contractOfParts)

            EXAMPLE
              knas plan rte --data ~/RTE --candidates 300 --run runs/rte
            """)
    @OptionGroup var options: SearchOptions
    @OptionGroup var global: GlobalOptions
    @OptionGroup var place: RunArguments

    func run() throws {
        let console = global.console
        let plan = try console.pipeline(options.configuration(place)).plan()
        console.finish()
        try global.show(plan, "\(plan.candidates) candidates in \(plan.run)/candidates.tsv")
    }
}

struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Scores a share of a plan's candidates into a part.",
        discussion: """
            \(contractOfParts)

            EXAMPLE
              knas score rte --data ~/RTE --candidates runs/rte/candidates.tsv \\
                --shard 1/4 --output parts/1
            """)
    @OptionGroup var options: SearchOptions
    @OptionGroup var global: GlobalOptions
    @Option(help: "The candidates.tsv of the plan.")
    var candidates: String
    @Option(help: "Which share: I/N is every N-th candidate from the I-th on.")
    var shard = Shard.whole
    @OptionGroup var output: PartArguments

    private struct Summary: Encodable {
        let scored: Int
        let part: String
    }

    func run() throws {
        let console = global.console
        let part = output.url
        let count = try output.pipeline(options, console)
            .score(URL(fileURLWithPath: candidates), shard: shard, to: part)
        console.finish()
        try global.show(
            Summary(scored: count, part: part.path), besides: output.output,
            "\(count) heads in \(output.output.name)")
    }
}

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains one head as a contestant into a part.",
        discussion: """
            \(contractOfParts)

            EXAMPLE
              knas train rte --data ~/RTE \\
                --head "projection > pool-mean > pair > classifier" --output parts/head-7
            """)
    @OptionGroup var options: SearchOptions
    @OptionGroup var global: GlobalOptions
    @Option(help: "Rows to hold out and try the head on: 0 is dev, 1 to 4 are folds of train.")
    var heldOut = 0
    @OptionGroup var output: PartArguments

    func validate() throws {
        guard options.head != nil else { throw ValidationError("--head is missing") }
    }

    func run() throws {
        let console = global.console
        let part = output.url
        try output.pipeline(options, console).train(options.head ?? "", heldOut: heldOut, to: part)
        console.finish()
        try global.show(
            ["part": part.path], besides: output.output,
            "trained into \(output.output.name)")
    }
}

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Merges parts into a run.",
        discussion: """
            \(contractOfParts)

            EXAMPLE
              knas merge runs/rte parts/*
              knas search rte --data ~/RTE --candidates 300 --run runs/rte --resume
            """)
    @Argument(help: "The run's directory.")
    var directory: String
    @Argument(help: "Parts, in any order.")
    var parts: [String]
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let merged = try Pipeline.merge(
            parts.map { URL(fileURLWithPath: $0) },
            into: URL(fileURLWithPath: directory, isDirectory: true))
        try global.show(
            merged, "\(merged.candidates) candidates and \(merged.trainings) trainings merged")
    }
}
