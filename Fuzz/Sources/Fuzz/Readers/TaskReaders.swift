import Foundation
import Mutations
import Support
import Tasks

extension Reader {
    private static let taskTokens = [
        "name:", "columns:", "{text: a, label: b}", "splits:", "labels:", "- ", ": ", "? ", "|",
        ">-",
        "&a ", "*a", "<<: ", "!!str ", "!!binary ", "---\n", "...\n", "%YAML 1.1\n", "#", "\n",
        "\t",
        "[", "]", "{", "}", ",", "'", "\"", "\\x00", "~", "null", "from: train", "fraction: 0.5",
        "rows: 3", "seed: -1", "limit:", "max-tokens: 8", "../", "/etc/passwd", "\u{FEFF}",
        "\u{85}",
        "\u{2028}", "é",
    ]

    /// A task file, with data that it may or may not name correctly.
    static let taskFile = Reader(
        name: "task", seeds: TaskSeeds.tasks, tokens: taskTokens,
        isTarget: { $0.hasSuffix(".yml") },
        read: { directory in
            let definition = try TaskDefinition.load(directory.appendingPathComponent("task.yml"))
            try use(definition, directory)
        })

    /// A file of tab-separated values, with a header and without.
    static let tsv = data(
        "tsv",
        tokens: ["\t", "\n", "\r\n", "\r", "\"", "\u{FEFF}", "label", "\0", " ", "no", "yes"])

    /// A file of comma-separated values, including quotes.
    static let csv = data(
        "csv",
        tokens: [
            ",", "\"", "\"\"", "\"\"\"", "\n", "\r\n", "\r", "\",\"", "\"\n\"", "\u{FEFF}", "label",
            "no",
        ])

    /// A file of JSON lines.
    static let jsonLines = data(
        "jsonl",
        tokens: [
            "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "\\n", "null", "true", "1.0",
            "-0",
            "1e99", "\n", "\r\n", "\"text\"", "\"label\"", "\u{FEFF}", "//", "/*",
        ])

    /// - Parameter seeds: what the seeds are called, where that is not the ending.
    static func data(
        _ ending: String, name: String? = nil, seeds: String? = nil, tokens: [String],
        make: @escaping Make = { _, _, _ in nil }
    ) -> Reader {
        Reader(
            name: name ?? ending, seeds: { try TaskSeeds.data(seeds ?? ending, ending: ending) },
            tokens: tokens, isTarget: { $0.hasSuffix(ending) }, make: make,
            read: { directory in
                let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                    .sorted()
                for name in names where name.hasSuffix(ending) {
                    try guess(directory.appendingPathComponent(name))
                }
                for name in names where name.hasSuffix(".yml") {
                    try use(
                        try TaskDefinition.load(directory.appendingPathComponent(name)), directory)
                }
            })
    }

    /// Takes a data file for a task; what is guessed must read as the same task when it is written down.
    private static func guess(_ file: URL) throws {
        guard let task = try? TaskDefinition.load(file) else { return }
        let written = file.deletingLastPathComponent().appendingPathComponent("guess.yaml")
        try Data(TaskFileText.text(task, in: written.deletingLastPathComponent()).utf8)
            .write(to: written)
        defer { try? FileManager.default.removeItem(at: written) }
        let again = try TaskDefinition.load(written)
        guard again.columns == task.columns, again.hasHeader == task.hasHeader,
            again.delimiter == task.delimiter, again.train == task.train
        else { throw Violation("a guess that is written down is another task") }
    }

    /// Loads the data, both strictly and skipping bad rows, and looks at every example.
    private static func use(_ definition: TaskDefinition, _ directory: URL) throws {
        _ = definition.files.map { definition.location(of: $0.file, dataDirectory: nil) }
        for skipping in [true, false] {
            let options = Dataset.Options(skipBadRows: skipping, maximumLineBytes: 4_096)
            let dataset: Dataset
            do {
                dataset = try Dataset.load(definition, dataDirectory: directory, options: options)
            } catch let error as any DiagnosedError {
                if skipping { continue }
                throw error
            }
            for example in dataset.train + dataset.dev + dataset.test {
                guard dataset.labels.indices.contains(example.label) else {
                    throw Violation("label \(example.label) of \(dataset.labels.count)")
                }
                guard !example.text.isEmpty, (example.pair != nil) == (dataset.pairing != nil)
                else {
                    throw Violation("an example without a text")
                }
            }
            guard !dataset.train.isEmpty else { throw Violation("no training examples") }
            _ = "\(dataset.report)"
        }
    }
}
