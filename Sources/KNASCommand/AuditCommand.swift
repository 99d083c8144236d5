import ArgumentParser
import Audit
import Foundation
import Support
import Tasks

/// `knas audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Finds labels that are likely wrong, duplicates, and leakage between splits.",
        discussion: """
            Two kinds of judges say what they think of every row without having seen its label: linear \
            heads, fitted exactly to the layers that tell the most (five folds, rows with the same text \
            held out together), and regression with the gradient kernel of a wide head, each row left out in \
            closed form. Rows are ranked by the probability that both give to their label. Rows of train, dev and \
            test are judged alike.

            Duplicates are texts that are the same but for case, width of characters and white space; \
            near-duplicates share 80 % (--similarity) of their runs of four characters. --no-labels looks \
            for these alone, which needs no encoder.

            The table has the worst rows; --output writes a CSV file with all of them and their held-out \
            probabilities, --json prints the same as one object (docs/audit.md).

            EXAMPLES
              knas audit front-desk
              knas audit my-task.yml -n 50 --output audit.csv
              knas audit mrpc --data ~/MRPC --no-labels
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    @Option(name: .customShort("n"), help: "Rows to show of each kind.")
    var count = 20
    @Option(name: .shortAndLong, help: "A CSV file for all rows; - is standard output.")
    var output: OutputPath?
    @Option(help: "Share of character runs that near-duplicates have in common, 0.5 to 1.")
    var similarity = 0.8
    @Flag(inversion: .prefixedNo, help: "Judge labels, which needs an encoder.")
    var labels = true
    @Option(help: "Seed of everything random: a whole number from 0.")
    var seed: UInt64 = 1
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard count >= 0 else { throw ValidationError("-n is \(count): expected 0 or more") }
    }

    func run() throws {
        let console = global.console
        try output?.check()
        var configuration = AuditConfiguration(task: try task.definitionURL())
        task.apply(to: &configuration.input)
        encoder.apply(to: &configuration.input)
        configuration.similarity = similarity
        configuration.judgesLabels = labels
        configuration.seed = seed
        configuration.threads = encoder.threads
        let result = try Audit(
            configuration, progress: console.progress, note: { console.note($0) }
        ).run()
        console.finish()
        try global.show(
            result, AuditText(result, count: count).text, table: AuditTable(result).csv, to: output)
    }
}
