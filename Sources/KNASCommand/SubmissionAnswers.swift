import Export
import Foundation
import KNAS
import Support
import Tasks

/// A file of answers as GLUE takes it, a table of index and prediction, or as SuperGLUE does, JSON lines
/// with `idx` and `label` (gluebenchmark.com and super.gluebenchmark.com, "How do I submit?").
struct SubmissionAnswers {
    /// What was written.
    struct Written: Encodable {
        /// The file of answers.
        let file: String
        /// The file with the rows.
        let rows: String
        let answers: Int
        let badRows: Int
    }

    private let submission: TaskDefinition.Submission
    private let rows: SubmissionRows
    private let url: URL
    private let output: URL

    /// Rows that are classified at once.
    private static let batch = 512

    init(
        _ submission: TaskDefinition.Submission, _ rows: SubmissionRows, from url: URL,
        to output: URL
    ) {
        self.submission = submission
        self.rows = rows
        self.url = url
        self.output = output
    }

    /// What stands in the benchmark's files for each class of a model, in the model's order; nothing
    /// where a model answers with numbers.
    /// - Throws: `ModelError` where the model has other classes than the task, or other texts.
    static func values(
        of task: TaskDefinition, _ classifier: TextClassifier, model: String
    ) throws -> [String] {
        func misfit(_ reason: String) -> ModelError {
            .otherTask(model: model, task: task.name, reason: reason)
        }
        guard classifier.takesPairs == (task.columns.pair != nil) else {
            throw misfit(
                classifier.takesPairs
                    ? "the model takes pairs of texts, the task has single ones"
                    : "the model takes single texts, the task has pairs")
        }
        guard classifier.target == task.target, task.target != .labels else {
            throw misfit("files of answers are written for one class a row, or a number")
        }
        guard let labels = task.labels else { return classifier.labels }
        let names = labels.map(\.name)
        guard Set(names) == Set(classifier.labels) else {
            throw misfit(
                "the task's classes are \(names.joined(separator: ", ")), the model's "
                    + classifier.labels.joined(separator: ", "))
        }
        let values = Dictionary(uniqueKeysWithValues: labels.map { ($0.name, $0.value) })
        return classifier.labels.map { values[$0] ?? $0 }
    }

    /// Classifies the rows and writes the file; bad rows get the first class, or 0.
    /// - Parameter values: what to write for each class.
    func write(_ classifier: TextClassifier, _ values: [String]) throws -> Written {
        let place = Dictionary(zip(classifier.labels, values)) { first, _ in first }
        var lines = submission.isJSON ? "" : "index\tprediction\n"
        for piece in rows.entries.indices.pieces(of: Self.batch) {
            if Interruption.isRequested { throw Interrupted() }
            let entries = rows.entries[piece]
            var answers = try classifier.classify(
                entries.compactMap { entry in
                    entry.text.map { TextClassifier.Input($0, pair: entry.pair) }
                }
            ).makeIterator()
            for entry in entries {
                let answer = entry.text == nil ? nil : answers.next()
                let number = answer?.value.map { "\(Float($0))" }
                lines += try line(
                    entry.index,
                    number ?? answer.flatMap { place[$0.label] } ?? Self.fallback(values))
            }
        }
        try AtomicFile.write(lines, to: output)
        return Written(
            file: output.relativePath, rows: url.path, answers: rows.entries.count,
            badRows: rows.badRowCount)
    }

    /// What a bad row is answered with.
    static func fallback(_ values: [String]) -> String { values.first ?? "0" }

    /// A line of JSON.
    private struct Answer: Encodable {
        let idx: Index
        let label: String
    }

    /// Written as a number where it is one.
    private struct Index: Encodable {
        let text: String

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let number = Int(text) {
                try container.encode(number)
            } else {
                try container.encode(text)
            }
        }
    }

    private func line(_ index: String, _ value: String) throws -> String {
        guard submission.isJSON else { return "\(index)\t\(value)\n" }
        let answer = try JSONEncoder.compact.encode(Answer(idx: Index(text: index), label: value))
        return String(decoding: answer, as: UTF8.self) + "\n"
    }
}
