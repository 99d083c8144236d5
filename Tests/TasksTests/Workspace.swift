import Foundation
import Support
import Tasks
import Testing

/// A directory of its own for a test, removed with this object.
final class Workspace {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-tasks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult
    func write(_ text: String, _ name: String) throws -> URL {
        try write(Data(text.utf8), name)
    }

    @discardableResult
    func write(_ data: Data, _ name: String) throws -> URL {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file
    }

    /// Writes the task file and reads it.
    func definition(_ yaml: String) throws -> TaskDefinition {
        try TaskDefinition.load(write(yaml, "task.yml"))
    }

    /// Writes the task file and reads its data, which lies beside it.
    func load(_ yaml: String, options: Dataset.Options = .init()) throws -> Dataset {
        try Dataset.load(definition(yaml), dataDirectory: nil, options: options)
    }
}

/// A task of single texts with the classes `no` and `yes`; dev and test are files.
func singleTask(_ format: String, more: String = "") -> String {
    """
    columns: {text: text, label: label}
    splits: {train: train.\(format), dev: dev.\(format), test: test.\(format)}
    labels: ["no", "yes"]

    """ + more
}

extension Workspace {
    /// Writes small good files for all splits, then `train` over the one of train.
    func writeSplits(_ format: String, train: Data) throws {
        let rows = [("dev", "d"), ("test", "t")]
        for (split, prefix) in rows {
            let text =
                switch format {
                case "csv": "text,label\n\(prefix) one,no\n\(prefix) two,yes\n"
                case "jsonl":
                    "{\"text\": \"\(prefix) one\", \"label\": \"no\"}\n"
                        + "{\"text\": \"\(prefix) two\", \"label\": \"yes\"}\n"
                default: "text\tlabel\n\(prefix) one\tno\n\(prefix) two\tyes\n"
                }
            try write(text, "\(split).\(format)")
        }
        try write(train, "train.\(format)")
    }

    func train(
        _ text: String, _ format: String, more: String = "", options: Dataset.Options = .init()
    ) throws -> Dataset {
        try writeSplits(format, train: Data(text.utf8))
        return try load(singleTask(format, more: more), options: options)
    }

    /// The bad rows of a train file that must have some.
    func badRows(
        _ data: Data, _ format: String, more: String = "", options: Dataset.Options = .init()
    ) throws -> [BadRow] {
        try writeSplits(format, train: data)
        do {
            _ = try load(singleTask(format, more: more), options: options)
        } catch TaskError.badRows(let rows, _) {
            return rows
        }
        Issue.record("no bad rows were found")
        return []
    }

    func badRows(_ text: String, _ format: String) throws -> [BadRow] {
        try badRows(Data(text.utf8), format)
    }
}

/// The description of the `TaskError` that `body` throws.
func message(_ body: () throws -> Void) throws -> String {
    do {
        try body()
    } catch let error as TaskError {
        return error.description
    }
    Issue.record("nothing was thrown")
    return ""
}
