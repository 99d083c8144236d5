import ArgumentParser
import Export
import Foundation
import Study
import Support
import Tasks

/// `knas next`
struct NextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Names the texts that are worth labelling next.",
        discussion: """
            Fits the exact linear head to the rows of the task that have labels (train and dev), and looks \
            for texts that are unclear to it, unlike one another, and typical of others: as many groups of \
            texts as rows are wanted, by k-means in which unclear texts weigh more, and the middle of each. \
            Texts that have a label already are passed over, as are repetitions. docs/few-rows.md compares this \
            with drawing texts at random.

            UNLABELLED has a text on each line, or is a table or JSON lines: --format, by default what the \
            file's extension says, with columns as for 'knas predict'.

            Where no row has a label yet, give the texts alone (knas next texts.txt): then groups are made by \
            what texts say, and the first labels cover them.

            EXAMPLES
              knas next new-messages.txt -n 20
              knas next messages.csv new-messages.txt -n 20
              knas next my-task.yml pool.csv --pool-text body --json
              knas next front-desk mails.jsonl -n 50 --output label-these.csv
            """)

    @OptionGroup var task: TaskOptions
    @Argument(
        help:
            "A file with texts that have no labels; - is standard input. Left out: TASK is that file."
    )
    var unlabelled: String?
    @Option(name: .customShort("n"), help: "Texts to name.")
    var count = 20
    @Option(help: "What is read: text (one on each line), csv, tsv (with a header) or jsonl.")
    var format: TextRows.Format?
    @Option(help: "The column, or key, of the text in UNLABELLED (default: text).")
    var poolText: String?
    @Option(help: "The column, or key, of the second text, for tasks of pairs (default: pair).")
    var poolPair: String?
    @OptionGroup var encoder: EncoderOptions
    @Option(name: .shortAndLong, help: "A CSV file for the texts; - is standard output.")
    var output: OutputPath?
    @Option(help: "Seed of everything random: a whole number from 0.")
    var seed: UInt64 = 1
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try output?.check()
        var configuration = NextRows.Configuration(
            task: unlabelled == nil ? URL(fileURLWithPath: task.task) : try task.definitionURL())
        task.apply(to: &configuration.input)
        encoder.apply(to: &configuration.input)
        configuration.count = count
        configuration.seed = seed
        configuration.threads = encoder.threads
        let source = try InputSource(unlabelled ?? task.task)
        let hasPairs =
            unlabelled == nil ? poolPair != nil : try task.definition(nil).columns.pair != nil
        let texts = try read(source, hasPairs: hasPairs)
        guard !texts.isEmpty else {
            throw ModelError.wrongInput(reason: "\(source.name): there is no text to choose from")
        }
        warnOfLabels(console)
        let next = NextRows(
            configuration, progress: console.progress, note: { console.note($0) })
        let result = try unlabelled == nil ? next.run(unlabelled: texts) : next.run(texts)
        console.finish()
        try global.show(
            result, Self.text(result), table: Self.csv(result, hasPairs: hasPairs), to: output)
    }

    /// Says so where the only file has labels, which are not looked at.
    private func warnOfLabels(_ console: Console) {
        guard unlabelled == nil, DataFormat(fileName: task.task) != nil,
            let guess = try? TaskDefinition.load(
                URL(fileURLWithPath: task.task), options: task.dataFile.options)
        else { return }
        console.note(
            "warning: \(task.task) seems to have labels (`\(guess.columns.label)`), which are not used: "
                + "the file with labels comes first, that with unlabelled texts second")
    }

    private func read(_ source: InputSource, hasPairs: Bool) throws -> [NextRows.Text] {
        var rows = TextRows(
            format
                ?? TextRows.Format(fileName: unlabelled ?? task.task, namesColumns: poolText != nil),
            name: source.name, text: poolText ?? "text", pair: hasPairs ? poolPair ?? "pair" : nil)
        var texts: [NextRows.Text] = []
        for row in try rows.add(source.rest(), isLast: true) {
            switch row {
            case .text(let line, let text, let pair):
                texts.append(NextRows.Text(line: line, text, pair: pair))
            case .bad(let line, let column, let reason):
                let problem =
                    "\(source.name), line \(line): " + (column.map { "\($0): " } ?? "")
                    + "\(reason)"
                guard task.skipBadRows else { throw ModelError.wrongInput(reason: problem) }
                global.console.note("warning: \(problem); left out")
            }
        }
        return texts
    }

    private static func text(_ result: NextRowsResult) -> String {
        guard !result.rows.isEmpty else {
            return "none of \(result.texts) texts is new: all have labels already"
        }
        let isLabelled = result.task != nil
        var table = TextTable(
            ["line"] + (isLabelled ? ["likely", "or", "ahead by"] : []) + ["stands for", "text"])
        for row in result.rows {
            let answer =
                isLabelled
                ? [
                    "\((row.likely ?? "").excerpt) " + number(row.probability),
                    (row.second ?? "").excerpt, number(row.margin),
                ] : []
            table.add(
                ["\(row.line)"] + answer + [
                    "\(row.standsFor)",
                    row.text.excerpt + (row.pair.map { " | \($0.excerpt)" } ?? ""),
                ])
        }
        return table.text
    }

    private static func number(_ value: Float?) -> String {
        value.map { String(format: "%.2f", $0) } ?? "-"
    }

    private static func csv(_ result: NextRowsResult, hasPairs: Bool) -> String {
        var lines = [["line", "text"]]
        if hasPairs { lines[0].append("pair") }
        lines[0] += ["likely", "probability", "second", "margin", "stands_for"]
        for row in result.rows {
            var line = ["\(row.line)", row.text]
            if hasPairs { line.append(row.pair ?? "") }
            line.append(row.likely ?? "")
            line.append(row.probability.map { "\($0)" } ?? "")
            line.append(row.second ?? "")
            line.append(row.margin.map { "\($0)" } ?? "")
            line.append("\(row.standsFor)")
            lines.append(line)
        }
        return CSV.text(lines)
    }
}

extension TextRows.Format: ExpressibleByArgument {}

extension TextRows.Format {
    /// What the extension of a file's name says; texts on lines for others.
    /// - Parameter namesColumns: whether columns were named: then a file with tabs is a table.
    init(fileName: String, namesColumns: Bool) {
        let name =
            fileName.lowercased().hasSuffix(".gz") ? String(fileName.dropLast(3)) : fileName
        switch URL(fileURLWithPath: name).pathExtension.lowercased() {
        case "csv": self = .csv
        case "jsonl", "ndjson", "json": self = .jsonl
        // Pairs of texts with tabs between them have the same extension as tables.
        case "tsv" where namesColumns: self = .tsv
        default: self = .text
        }
    }
}
