import ArgumentParser
import Foundation
import Study
import Support

/// `knas curve`
struct CurveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curve",
        abstract: "Is it worth labelling more? Accuracy at 8, 16, 32, ... rows a class.",
        discussion: """
            Fits the exact linear head to 8 rows of each class (4 or 2 where there are few), to 16 and so on up to all, and tries it on rows \
            that were held out; five times (--draws), with other rows held out each time. Then a power law \
            through these figures says what twice and four times as many rows would give, with a 95 % interval. \
            Layer and penalty are chosen anew from the rows that are learnt from; test is not touched. What a \
            search finds is usually some points better, and gains about as much from more rows.

            The table goes to standard output; --output writes a CSV file with every draw.

            EXAMPLES
              knas curve front-desk
              knas curve messages.csv --output curve.csv
              knas curve my-task.yml --rows 40,80,160 --draws 10 --json
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var encoder: EncoderOptions
    @Option(
        help:
            "Rows to learn from, in all, separated by commas (default: 8 of each class, 16, ... all)."
    )
    var rows: String?
    @Option(help: "Parts of the rows that are held out in turn.")
    var draws = 5
    @Option(name: .shortAndLong, help: "A CSV file for all figures; - is standard output.")
    var output: OutputPath?
    @Option(help: "Seed of draws and intervals: a whole number from 0.")
    var seed: UInt64 = 1
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        try output?.check()
        var configuration = LearningCurve.Configuration(task: try task.definitionURL())
        task.apply(to: &configuration.input)
        encoder.apply(to: &configuration.input)
        configuration.sizes = try rows.map(Self.sizes)
        configuration.draws = draws
        configuration.seed = seed
        configuration.threads = encoder.threads
        let result = try LearningCurve(
            configuration, progress: console.progress, note: { console.note($0) }
        ).run()
        console.finish()
        try global.show(
            result, Self.text(result), table: result.csv, to: output)
    }

    private static func sizes(_ list: String) throws -> [Int] {
        try list.split(separator: ",", omittingEmptySubsequences: false).map { text in
            guard let size = Int(text.trimmingCharacters(in: .whitespaces)) else {
                throw BadOption(
                    name: "--rows", value: list, expected: "whole numbers separated by commas")
            }
            return size
        }
    }

    private static func text(_ result: LearningCurveResult) -> String {
        var table = TextTable(["rows", "a class", result.metric.title, "95 % interval", ""])
        func add(_ rows: Int, _ value: Double, _ interval: [Double], _ remark: String) {
            table.add([
                "\(rows)", String(format: "%.0f", Double(rows) / Double(result.classes)),
                String(format: "%.3f", value),
                String(format: "%.3f to %.3f", interval[0], interval[1]), remark,
            ])
        }
        for point in result.points { add(point.rows, point.value, point.interval, "measured") }
        for point in result.forecasts {
            add(
                point.rows, point.value, point.interval,
                point.factor == 1
                    ? "forecast, all labelled rows"
                    : String(
                        format: "forecast, %+.1f points (%+.1f to %+.1f)", 100 * point.gain,
                        100 * point.gainInterval[0], 100 * point.gainInterval[1]))
        }
        return table.text
            + "\nthe exact linear head on \(result.encoder), \(result.draws) draws; "
            + "\(result.rows) labelled rows beside test"
    }
}
