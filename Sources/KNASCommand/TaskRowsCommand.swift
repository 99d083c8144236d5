import ArgumentParser
import Foundation
import Support
import Tasks

extension TaskCommand {
    /// Prints the rows that a search sees, for other programs.
    struct Rows: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a task's rows as JSON lines, split as a search splits them.",
            discussion: """
                Every line is an object with split (train, dev or test), text, pair where the task has \
                pairs, and label, the name of the class.

                EXAMPLES
                  knas task rows front-desk | head -3
                  knas task rows messages.csv --split test > test.jsonl
                  knas task rows mrpc --data ~/MRPC --train-rows 500
                """)
        @OptionGroup var task: TaskOptions
        @Option(help: "Only the rows of train, dev or test.")
        var split: Split?
        @OptionGroup var rows: RowOptions
        @OptionGroup var global: GlobalOptions

        /// A line of the output.
        private struct Line: Encodable {
            let split: Split
            let text: String
            let pair: String?
            /// With one class a row.
            let label: String?
            /// With several labels a row.
            let labels: [String]?
            /// With a number.
            let value: Double?

            init(_ example: Example, _ split: Split, _ dataset: Dataset) {
                self.split = split
                text = example.text
                pair = example.pair
                let names = example.target.indices.map { dataset.labels[$0].name }
                label = dataset.targets.kind == .oneClass ? names.first : nil
                labels = dataset.targets.kind == .labels ? names : nil
                value = example.target.value
            }
        }

        func run() throws {
            let dataset = try Dataset.load(
                task.definition(global.console), dataDirectory: task.dataURL,
                options: Dataset.Options(skipBadRows: task.skipBadRows)
            ).limited(to: rows.limits)
            for split in Split.allCases where self.split == nil || self.split == split {
                for part in dataset[split].indices.pieces(of: 1024) {
                    var lines = Data()
                    for example in dataset[split][part] {
                        lines += try JSONEncoder.compact.encode(
                            Line(example, split, dataset))
                        lines.append(0x0a)
                    }
                    try lines.withUnsafeBytes { try StandardStreams.write($0) }
                }
            }
        }
    }
}
