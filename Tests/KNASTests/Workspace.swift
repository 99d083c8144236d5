import Foundation
import KNAS
import Results
import TestSupport

/// A task of a few made-up rows and a tiny encoder in a directory of their own.
struct Workspace {
    let directory: URL
    let task: URL
    let encoder: URL

    init(pairs: Bool = true) throws {
        directory = try TinyEncoder.temporaryDirectory()
        encoder = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoder)
        task = directory.appendingPathComponent("toy.yml")
        let columns = pairs ? "{text: a, pair: b, label: y}" : "{text: a, label: y}"
        try """
        name: toy
        format: tsv
        columns: \(columns)
        splits:
          train: train.tsv
          dev: {from: train, fraction: 0.25, seed: 1}
          test: test.tsv
        """.write(to: task, atomically: true, encoding: .utf8)
        try Self.rows(80, pairs).write(
            to: directory.appendingPathComponent("train.tsv"), atomically: true, encoding: .utf8)
        try Self.rows(40, pairs, offset: 1000).write(
            to: directory.appendingPathComponent("test.tsv"), atomically: true, encoding: .utf8)
    }

    private static func rows(_ count: Int, _ pairs: Bool, offset: Int = 0) -> String {
        let words = ["quick", "brown", "lazy", "daft", "black", "bright", "good", "bad"]
        var text = pairs ? "a\tb\ty\n" : "a\ty\n"
        for index in 0..<count {
            let a = words[(index + offset) % 8] + " fox \(words[(index / 8) % 8]) \(index + offset)"
            let isSame = index % 2 == 0
            let b = isSame ? a : "zebras jump \(index)"
            text +=
                pairs
                ? "\(a)\t\(b)\t\(isSame ? "same" : "other")\n"
                : "\(isSame ? "good day" : "bad idea") \(a)\t\(isSame ? "same" : "other")\n"
        }
        return text
    }

    func configuration(_ run: String, threads: Int = 2) -> RunConfiguration {
        var configuration = RunConfiguration(
            task: task, run: directory.appendingPathComponent(run))
        configuration.input.encoders = [encoder.path]
        configuration.search.candidates = 40
        configuration.selection.keep = 2
        configuration.selection.seeds = 2
        configuration.selection.training.epochs = 4
        configuration.search.scoring.examples = 24
        configuration.threads = threads
        return configuration
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}

/// Runs that several tests look at and none changes, each made once.
enum FinishedRuns {
    struct Run: Sendable {
        let workspace: Workspace
        let configuration: RunConfiguration
        let result: RunResult

        func bytes(_ file: String) throws -> Data {
            try Data(contentsOf: configuration.run.appendingPathComponent(file))
        }

        func text(_ file: String) throws -> String {
            String(decoding: try bytes(file), as: UTF8.self)
        }

        var model: URL { configuration.run.appendingPathComponent("model") }
    }

    private static let pairs = Result { try make(pairs: true) }
    private static let singles = Result { try make(pairs: false) }

    /// A run on pairs of texts, or on single texts.
    static func get(pairs isPairs: Bool) throws -> Run { try (isPairs ? pairs : singles).get() }

    private static func make(pairs: Bool) throws -> Run {
        let workspace = try Workspace(pairs: pairs)
        let configuration = workspace.configuration("run", threads: 1)
        return Run(
            workspace: workspace, configuration: configuration,
            result: try Pipeline(configuration).run())
    }
}
