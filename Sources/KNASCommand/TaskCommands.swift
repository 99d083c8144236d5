import ArgumentParser
import Foundation
import Support
import Tasks

struct TaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task", abstract: "Writes, checks and lists tasks.",
        discussion: """
            EXAMPLES
              knas task list
              knas task check messages.csv
              knas task init messages.csv --output mine.yml
              knas task check mine.yml
            """,
        subcommands: [Check.self, Init.self, List.self, Rows.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads a task and shows counts, label balance, lengths and every bad row.",
            discussion: """
                Where the task says how many rows its files have as they are published, a warning says \
                where these have others.

                EXAMPLES
                  knas task check messages.csv
                  knas task check mrpc --data ~/MRPC
                """)
        @OptionGroup var task: TaskOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard task.pairing == .task, task.maximumTokens == nil else {
                throw ValidationError(
                    "--pairing and --max-tokens have no effect here: rows are checked, not encoded")
            }
        }

        func run() throws {
            // This command is for finding bad rows: it shows all of them, then fails.
            var options = Dataset.Options(
                pairing: try task.onePairing(), maximumTokens: task.maximumTokens)
            options.skipBadRows = true
            let definition = try task.definition(global.console)
            let dataset: Dataset
            do {
                dataset = try Dataset.load(
                    definition, dataDirectory: task.dataURL, options: options)
            } catch let error as TaskError {
                // The cause may be bad rows that were left out.
                options.skipBadRows = false
                do {
                    _ = try Dataset.load(
                        definition, dataDirectory: task.dataURL, options: options)
                } catch TaskError.badRows(let rows, let total) {
                    throw BadRowsAndMore(.badRows(rows, total: total), error)
                }
                throw error
            }
            let report = dataset.report
            try global.show(report, Self.text(dataset))
            if !report.badRows.isEmpty, !task.skipBadRows {
                throw BadRowsFound(report.badRowCount)
            }
        }

        /// The report for people.
        private static func text(_ dataset: Dataset) -> String {
            let report = dataset.report
            var lines = ["task \(dataset.name): \(dataset.answers)"]
            let names = report.labelNames.map(\.revealed)
            let width = max(22, names.map(\.count).max() ?? 0)
            for split in report.splits {
                let origin = split.isCarvedFromTrain ? "carved from train" : split.file
                lines.append("\(split.split.rawValue): \(split.rows) rows (\(origin))")
                for (name, count) in zip(names, split.labelCounts) {
                    let share = 100 * Double(count) / Double(max(1, split.rows))
                    lines.append(
                        "  " + name.padded(width)
                            + String(format: "%7d %5.1f%%", count, share))
                }
                for (what, lengths) in [("text", split.textLengths), ("pair", split.pairLengths)] {
                    guard let lengths else { continue }
                    lines.append(
                        "  \(what): \(lengths.minimum) to \(lengths.maximum) characters, "
                            + "median \(lengths.median), 95% up to \(lengths.percentile95)")
                }
                if split.duplicates > 0 {
                    lines.append("  \(split.duplicates) rows repeat another")
                }
            }
            lines += report.badRows.map { "bad row: \($0)" }
            if report.badRowCount > report.badRows.count {
                lines.append("and \(report.badRowCount - report.badRows.count) more bad rows")
            }
            lines += report.badRows.encodingHints
            if !report.publishedRows.isEmpty,
                report.publishedRows.allSatisfy({ $0.found == $0.published })
            {
                lines.append("the files have as many rows as those that are published")
            }
            lines += report.notes
            lines += report.warnings.map { "warning: \($0)" }
            return lines.joined(separator: "\n")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the tasks in tasks/.", discussion: "EXAMPLE\n  knas task list")
        @OptionGroup var global: GlobalOptions

        func run() throws {
            let names = TaskLocator.names(searchPaths: TaskOptions.searchPaths)
            if global.json { return try Console.printJSON(["tasks": names]) }
            for name in names { try StandardStreams.writeLine(name.revealed) }
        }
    }
}

/// Bad rows, and what is wrong with the task where they are left out.
private struct BadRowsAndMore: DiagnosedError {
    let badRows: TaskError
    let other: TaskError

    init(_ badRows: TaskError, _ other: TaskError) {
        self.badRows = badRows
        self.other = other
    }

    var kind: ErrorKind { .badInput }
    var description: String { "\(badRows)\nWithout these rows: \(other)" }
}

private struct BadRowsFound: DiagnosedError {
    let count: Int
    init(_ count: Int) { self.count = count }
    var kind: ErrorKind { .badInput }
    var description: String { "\(count) bad rows; --skip-bad-rows leaves them out" }
}
