import ArgumentParser
import Foundation
import KNAS
import Support

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Lists, shows, compares and removes runs.",
        discussion: """
            EXAMPLES
              knas runs list
              knas runs show runs/front-desk
              knas runs compare runs/first runs/second
              knas runs remove runs/first --force
            """,
        subcommands: [List.self, Show.self, Compare.self, Remove.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the runs in a folder: task, date, state, accuracies.",
            discussion: "EXAMPLE\n  knas runs list runs")
        @Argument(help: "The folder that the runs' directories are in.")
        var folder = "runs"
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let runs = try RunOverview.all(in: directory(folder))
            if global.json { return try Console.printJSON(runs) }
            guard !runs.isEmpty else {
                return try StandardStreams.writeLine("no runs in \(folder)")
            }
            var table = TextTable([
                "run", "kind", "task", "started", "state", "heads", "held-out accuracy",
                "test accuracy",
            ])
            for run in runs {
                table.add([
                    URL(fileURLWithPath: run.directory).lastPathComponent, run.kind.rawValue,
                    run.task ?? "-",
                    run.created ?? "-", run.stateText, run.members.map { "\($0.count)" } ?? "-",
                    run.figure(run.heldOutAccuracy, run.heldOutScore),
                    run.figure(run.testAccuracy, run.testScore),
                ])
            }
            try StandardStreams.writeLine(table.text)
            for run in runs where run.state.isUnreadable {
                global.console.note("warning: \(run.detail ?? run.stateText)")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a run: state, exported heads, and the choices it was started with.",
            discussion: "EXAMPLE\n  knas runs show runs/front-desk")
        @Argument(help: ArgumentHelp("The run's directory.", valueName: "run"))
        var path: String
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let overview = try RunOverview(directory(path))
            if global.json {
                try Console.printJSON(overview)
            } else {
                var table = TextTable([])
                for (name, value) in overview.properties { table.add([name, value]) }
                for (name, value) in (overview.choices ?? [:]).sorted(by: { $0.key < $1.key }) {
                    table.add([name, value])
                }
                try StandardStreams.writeLine(String(table.text.drop { $0 == "\n" }))
            }
            try UnreadableRuns.check([overview])
        }
    }

    struct Compare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows runs side by side, and the choices in which they differ.",
            discussion: "EXAMPLE\n  knas runs compare runs/first runs/second")
        @Argument(help: "Two or more runs' directories.")
        var runs: [String]
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard runs.count > 1 else { throw ValidationError("expected two runs or more") }
        }

        func run() throws {
            let overviews = try runs.map { try RunOverview(directory($0)) }
            if global.json { try Console.printJSON(overviews) } else { try show(overviews) }
            try UnreadableRuns.check(overviews)
        }

        private func show(_ overviews: [RunOverview]) throws {
            var table = TextTable([""] + overviews.map(\.directory.shortenedPath))
            let columns = overviews.map { Dictionary(uniqueKeysWithValues: $0.properties) }
            let longest = overviews.max { $0.properties.count < $1.properties.count }
            for (name, _) in longest?.properties ?? [] where name != "directory" {
                table.add([name] + columns.map { ($0[name] ?? "-").shortened })
            }
            // Where a run's choices are not known, all would differ.
            let choices = overviews.compactMap(\.choices)
            let names = Set(
                choices.count == overviews.count ? choices.flatMap { Array($0.keys) } : [])
            for name in names.sorted() {
                let values = overviews.map { $0.choices?[name] ?? "-" }
                if Set(values).count > 1 { table.add([name] + values.map(\.shortened)) }
            }
            try StandardStreams.writeLine(table.text)
            if Set(overviews.compactMap(\.task)).count > 1 {
                global.console.note("warning: the runs have different tasks")
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes runs: results, model and store; other files stay.",
            discussion: "EXAMPLE\n  knas runs remove runs/first --force")
        @Argument(help: "Runs' directories.")
        var runs: [String]
        @Flag(help: "Do not ask for confirmation.")
        var force = false
        @OptionGroup var global: GlobalOptions

        func run() throws {
            // All are looked at before any is removed.
            let directories = runs.map(directory)
            for url in directories { _ = try RunOverview(url) }
            if !force {
                guard StandardStreams.canAsk else {
                    throw ValidationError("there is no terminal to confirm on: give --force")
                }
                let what = runs.joined(separator: ", ")
                let answer = StandardStreams.ask("remove \(what)? [y/N] ")
                guard ["y", "yes"].contains(answer?.lowercased() ?? "") else {
                    throw ExitCode(Interruption.exitCode)
                }
            }
            for url in directories { try RunOverview.remove(url) }
            try global.show(
                ["removed": directories.map(\.path)],
                runs.map { "removed \($0)" }.joined(separator: "\n"))
        }
    }
}

/// Runs whose files cannot be read; thrown after everything known about them was shown.
private struct UnreadableRuns: DiagnosedError {
    let problems: [String]

    var kind: ErrorKind { .badInput }
    var description: String { problems.joined(separator: "; ") }

    static func check(_ runs: [RunOverview]) throws {
        let problems = runs.filter(\.state.isUnreadable).map { $0.detail ?? $0.stateText }
        guard problems.isEmpty else { throw UnreadableRuns(problems: problems) }
    }
}

private func directory(_ path: String) -> URL { URL(fileURLWithPath: path, isDirectory: true) }

extension Double? {
    /// Three digits, or a dash.
    fileprivate var text: String { map { String(format: "%.3f", $0) } ?? "-" }
}

extension String {
    /// Beginning and end of a text that would make a table too wide.
    fileprivate var shortened: String {
        let half = (Self.widest - 1) / 2
        return count > Self.widest ? prefix(half) + "…" + suffix(half) : self
    }

    /// The end of a path.
    fileprivate var shortenedPath: String {
        count > Self.widest ? "…" + suffix(Self.widest - 1) : self
    }

    private static var widest: Int { 44 }
}

extension RunOverview {
    fileprivate var stateText: String {
        switch state {
        case .complete: "complete"
        case .running: "running: \(detail ?? "start")"
        case .interrupted: "interrupted at \(detail ?? "start")"
        case .damaged: "damaged"
        case .otherVersion: "from another version"
        }
    }

    /// An accuracy; where numbers are predicted there is none, but a score in the metric that decides.
    fileprivate func figure(_ accuracy: Double?, _ score: Double?) -> String {
        guard accuracy == nil, score != nil, let metric else { return accuracy.text }
        return "\(score.text) \(metric.rawValue)"
    }

    /// What is shown for every run, in order.
    fileprivate var properties: [(String, String)] {
        [
            ("directory", directory), ("kind", kind.rawValue), ("task", task ?? "-"),
            ("state", stateText),
            ("started", created ?? "-"), ("version", version ?? "-"),
            ("seed", seed.map { "\($0)" } ?? "-"),
            ("heads scored", scored.map { "\($0)" } ?? "-"),
            ("trainings", trainings.map { "\($0)" } ?? "-"),
        ] + heads + [
            ("weights", parameters.map { "\($0)" } ?? "-"),
            (
                "cost of an answer",
                costFactor.map { String(format: "%.2fx the encoder's", $0) } ?? "-"
            ),
            ("decided by", metric?.rawValue ?? "-"),
            ("held-out score", heldOutScore.text), ("test score", testScore.text),
            ("held-out accuracy", heldOutAccuracy.text), ("test accuracy", testAccuracy.text),
            ("test F1" + (positive.map { " of \($0)" } ?? ""), testF1.text),
            ("test MCC", testMCC.text),
            ("test cross entropy", testCrossEntropy.text),
            ("best single head, test accuracy", singleTestAccuracy.text),
            ("linear head, test accuracy", linearTestAccuracy.text),
            ("seconds", wallSeconds.map { String(format: "%.0f", $0) } ?? "-"),
        ]
    }

    /// The heads that answer, one in a row.
    private var heads: [(String, String)] {
        guard let members else { return [("head 1", "-")] }
        return members.enumerated().map { place, member in
            (
                "head \(place + 1)",
                String(format: "%.0f%% ", member.weight * 100) + member.genotype
            )
        }
    }
}
