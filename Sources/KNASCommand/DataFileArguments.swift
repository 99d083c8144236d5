import ArgumentParser
import Foundation
import Metrics
import Tasks

extension TargetKind: ExpressibleByArgument {}

/// What to take in place of guesses where a data file is given for a task.
struct DataFileArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Column of the text in a data file; its name, or its number from 1.",
            discussion: "Without it the columns of a data file are guessed and shown."))
    var text: String?
    @Option(help: "Column of the second text in a data file.")
    var pair: String?
    @Option(help: "Column of the label in a data file.")
    var label: String?
    @Option(
        help:
            "What the label column of a data file holds: class (one a row), labels (several) or number."
    )
    var target: TargetKind?
    @Option(
        help: "File with the test rows (default: a fifth of the data file's rows is set aside).")
    var test: String?
    @Option(
        help: "File with the dev rows (default: a tenth of the data file's rows is set aside).")
    var dev: String?

    var options: DataFileOptions {
        DataFileOptions(
            text: text, pair: pair, label: label, target: target, dev: dev.map { [$0] } ?? [],
            test: test.map { [$0] } ?? [])
    }
}
