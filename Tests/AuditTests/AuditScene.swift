import Audit
import Foundation
import Support
import TestSupport

/// A task with the given rows, and the tiny encoder.
struct AuditScene {
    let directory: URL
    var encoder: URL { directory.appendingPathComponent("encoder") }

    /// - Parameters:
    ///   - train: rows of a CSV file after its header `text,label`.
    ///   - dev: the same; taken out of train where `nil`.
    init(train: [String], dev: [String]? = nil, test: [String]) throws {
        directory = try TinyEncoder.temporaryDirectory()
        try TinyEncoder.write(to: encoder)
        for (name, rows) in [("train", train), ("dev", dev ?? []), ("test", test)] {
            try Data((["text,label"] + rows).map { $0 + "\n" }.joined().utf8)
                .write(to: directory.appendingPathComponent("\(name).csv"))
        }
        let source = dev == nil ? "{from: train, rows: 2}" : "dev.csv"
        try Data(
            """
            columns: {text: text, label: label}
            splits: {train: train.csv, dev: \(source), test: test.csv}
            """.utf8
        ).write(to: directory.appendingPathComponent("task.yml"))
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// Audits the task.
    func audit(labels: Bool = false, threads: Int = 2) throws -> AuditResult {
        var configuration = AuditConfiguration(task: directory.appendingPathComponent("task.yml"))
        configuration.input.encoders = [encoder.path]
        configuration.judgesLabels = labels
        configuration.threads = threads
        return try Audit(configuration).run()
    }
}
