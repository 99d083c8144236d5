import ArgumentParser
import Foundation
import KNAS
import Support
import Tasks

/// What `knas predict` reads, and with that what it writes.
enum PredictFormat: String, CaseIterable, ExpressibleByArgument {
    case text, csv, tsv, jsonl
    /// The test files of a benchmark; files of answers as the benchmark takes them.
    case glue

    /// `nil` where a task says what the files are.
    var rows: TextRows.Format? { TextRows.Format(rawValue: rawValue) }
}

/// Which files of answers to write for a benchmark.
struct SubmissionArguments: ParsableArguments {
    @Option(help: "Task whose `submissions` --format glue answers.")
    var task: String?
    @Option(help: "Directory of the benchmark's files (default: that of the task definition).")
    var data: String?
    @Option(name: .shortAndLong, help: "Directory to write to (default: this one).")
    var output: String?

    /// Refuses options without effect.
    /// - Parameter others: options of other formats that were given.
    func check(for format: PredictFormat?, others: [String]) throws {
        guard format == .glue else {
            let given = [("--task", task), ("--data", data), ("--output", output)]
            guard let (name, _) = given.first(where: { $0.1 != nil }) else { return }
            throw ValidationError("\(name) is for --format glue")
        }
        guard task != nil else {
            throw ValidationError("--format glue needs --task, which says what files to answer")
        }
        guard let other = others.first else { return }
        throw ValidationError(
            "\(other) has no effect with --format glue: the task says what is read and written")
    }

    private var dataURL: URL? { data.map { URL(fileURLWithPath: $0, isDirectory: true) } }

    /// Answers the benchmark's files.
    /// - Parameters:
    ///   - model: where the model is, for messages.
    ///   - skipBadRows: whether bad rows get the first class, or end the work.
    ///   - classifier: loads the model, when there is something to answer.
    /// - Throws: what reading, classifying and writing throw.
    func write(
        model: String, skipBadRows: Bool, _ global: GlobalOptions,
        _ classifier: () throws -> TextClassifier
    ) throws {
        let definition = try TaskDefinition.load(
            TaskLocator.find(task ?? "", searchPaths: TaskOptions.searchPaths))
        try require(
            !definition.submissions.isEmpty, "--task", task ?? "",
            "a task file that has `submissions`")
        let files = try found(definition, global.console)
        let tables = try files.map { submission, url, output in
            let rows = try SubmissionRows(submission, of: definition, in: url)
            if rows.badRowCount > 0, !skipBadRows {
                throw TaskError.badRows(rows.badRows, total: rows.badRowCount)
            }
            return SubmissionAnswers(submission, rows, from: url, to: output)
        }
        let classifier = try classifier()
        let values = try SubmissionAnswers.values(of: definition, classifier, model: model)
        var written: [SubmissionAnswers.Written] = []
        for table in tables { written.append(try table.write(classifier, values)) }
        for file in written where file.badRows > 0 {
            global.console.note(
                "warning: \(file.rows): \(file.badRows) bad \(file.badRows == 1 ? "row" : "rows"), "
                    + "answered with `\(SubmissionAnswers.fallback(values))`")
        }
        try global.show(
            ["files": written],
            written.map { "\($0.file): \($0.answers) answers to \($0.rows)" }
                .joined(separator: "\n"))
    }

    private typealias Found = (submission: TaskDefinition.Submission, url: URL, output: URL)

    /// The files that are there, and where their answers go.
    private func found(_ definition: TaskDefinition, _ console: Console) throws -> [Found] {
        let directory = output.map { URL(fileURLWithPath: $0, isDirectory: true) }
        func location(_ name: String) -> URL {
            definition.location(of: name, dataDirectory: dataURL)
        }
        func resolved(_ url: URL) -> String {
            url.resolvingSymlinksInPath().standardizedFileURL.path
        }
        let names = definition.submissions.flatMap(\.rows)
        let inputs = Set((names + definition.files.map(\.file)).map { resolved(location($0)) })
        var found: [Found] = []
        var missing: [TaskDefinition.Submission] = []
        for submission in definition.submissions {
            let output =
                directory?.appendingPathComponent(submission.file)
                ?? URL(fileURLWithPath: submission.file)
            guard
                let url = submission.rows.map(location).first(where: {
                    FileManager.default.fileExists(atPath: $0.path)
                })
            else {
                missing.append(submission)
                continue
            }
            try require(
                !inputs.contains(resolved(output)), "--output", directory?.relativePath ?? ".",
                "another directory: \(submission.file) is the name of a file that the task reads")
            try AtomicFile.check(output)
            found.append((submission, url, output))
        }
        guard !found.isEmpty else {
            throw TaskError.missingFile(
                path: location(names[0]).path, task: definition.name, split: .test,
                expected: names, source: definition.source, dataDirectoryGiven: data != nil)
        }
        for submission in missing {
            console.note(
                "warning: there is no \(submission.rows.joined(separator: " or ")), so "
                    + "\(submission.file) is not written")
        }
        return found
    }
}
