import ArgumentParser
import Foundation
import Support

/// A file to write; `-` is standard output.
struct OutputPath: ExpressibleByArgument {
    let url: URL
    private let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
        url = argument == "-" ? AtomicFile.standardOutput : URL(fileURLWithPath: argument)
    }

    /// What messages call it.
    var name: String { isStandardOutput ? "standard output" : text }

    /// Whether what is written goes where results go.
    var isStandardOutput: Bool { AtomicFile.isStandardOutput(url) }

    /// Whether it has been written as a file, beside which others can be.
    var isPlainFile: Bool {
        let path = url.resolvingSymlinksInPath().path
        let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
        return !isStandardOutput && type as? FileAttributeType == .typeRegular
    }

    /// Refuses what cannot be written before the work is done.
    /// - Throws: `FileError`.
    func check() throws { try AtomicFile.check(url) }
}

extension GlobalOptions {
    /// Prints a result; as a message where standard output has just been given to a file.
    func show(
        _ value: some Encodable, besides output: OutputPath, _ text: @autoclosure () -> String
    ) throws {
        if output.isStandardOutput { return console.note(text()) }
        try show(value, text())
    }

    /// Prints a result; where a file for its table is given, that is written first.
    /// - Throws: `FileError`, and as ``show(_:_:)``.
    func show(
        _ value: some Encodable, _ text: @autoclosure () -> String,
        table: @autoclosure () -> String, to output: OutputPath?
    ) throws {
        guard let output else { return try show(value, text()) }
        try AtomicFile.write(table(), to: output.url)
        try show(value, besides: output, text())
    }
}
