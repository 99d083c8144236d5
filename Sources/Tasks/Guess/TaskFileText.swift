import Foundation
import Support

/// A task as a commented task file, which reads as the same task.
public enum TaskFileText {
    /// - Parameters:
    ///   - task: a guess, or a task like one.
    ///   - directory: where the file will be; names of data files under it are relative to it.
    public static func text(_ task: TaskDefinition, in directory: URL) -> String {
        var lines = ["# A guess by `knas task init`, to check and change."]
        if !task.guess.isEmpty { lines.append("#") }
        lines += task.guess.map { comment($0) }
        lines += [
            "", "name: \(quoted(task.name))",
            "# description: What is asked of a text, for people.",
            "# source: Where to get the data, for people.",
        ]
        if let format = task.format { lines.append("format: \(format.rawValue)") }
        if let delimiter = task.delimiter {
            lines.append("delimiter: \(quoted(delimiter.written))")
        }
        if !task.hasHeader {
            lines.append("header: false    # the first line is a row; columns are numbers from 1")
        }
        if task.format != .folders { lines += columns(task) }
        lines += splits(task, directory)
        switch task.target {
        case .oneClass: break
        case .labels:
            lines.append("multi-label: true    # a row may have several labels, or none")
            if let separator = task.separator {
                lines.append("separator: \(quoted(String(separator)))")
            }
        case .number: lines.append("target: number    # the label column holds numbers")
        }
        guard task.target == .oneClass else {
            return (lines + ["# max-tokens: 128                       # longer texts are cut"])
                .joined(separator: "\n") + "\n"
        }
        lines += [
            "# labels:        # their order, and names to show; default: the values of train, sorted",
            "#   - \"0\": no",
            "#   - \"1\": yes",
            "# positive: yes  # the class that F1 is about",
            "# metrics: [accuracy, macro-f1, mcc]    # heads are selected by the first",
            "# max-tokens: 128                       # longer texts are cut",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func columns(_ task: TaskDefinition) -> [String] {
        let pair = task.columns.pair
        return [
            "columns:", "  text: \(quoted(task.columns.text))",
            pair.map { "  pair: \(quoted($0))" } ?? "  # pair: the column of a second text",
            "  label: \(quoted(task.columns.label))",
        ] + (pair == nil ? [] : ["pairing: siamese    # or joint: both texts in one sequence"])
    }

    private static func splits(_ task: TaskDefinition, _ directory: URL) -> [String] {
        func name(_ file: String) -> String {
            quoted(relative(task.location(of: file, dataDirectory: nil), to: directory))
        }
        func list(_ files: [String]) -> String {
            files.count == 1
                ? name(files[0]) : "[" + files.map(name).joined(separator: ", ") + "]"
        }
        func source(_ source: TaskDefinition.Source) -> String {
            switch source {
            case .files(let files): return list(files)
            case .carvedFromTrain(let sample):
                let amount =
                    switch sample.amount {
                    case .fraction(let share): "fraction: \(share)"
                    case .rows(let rows): "rows: \(rows)"
                    }
                return "{from: train, \(amount), seed: \(sample.seed)}"
            }
        }
        return [
            "splits:", "  train: \(list(task.train))",
            "  # A file, or rows of train, drawn class by class; rows that share a text stay together.",
            "  test: \(source(task.test))", "  dev: \(source(task.dev))",
        ]
    }

    /// The path of a file as the task file has it.
    private static func relative(_ file: URL, to directory: URL) -> String {
        let path = file.standardizedFileURL.path
        let base = directory.standardizedFileURL.path
        let prefix = base.hasSuffix("/") ? base : base + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    private static func comment(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            "# " + String(line).revealed
        }.joined(separator: "\n")
    }

    /// In double quotes, as YAML and JSON have them.
    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(text) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Delimiter {
    /// As a task file has it.
    fileprivate var written: String {
        switch self {
        case .comma, .semicolon, .tab, .pipe: description
        default: String(Character(Unicode.Scalar(byte)))
        }
    }
}
