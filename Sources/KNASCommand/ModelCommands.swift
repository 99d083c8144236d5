import ArgumentParser
import Encoders
import Export
import Foundation
import KNAS
import Metrics
import Support
import Tasks
import Tokenization

/// Which model, and where its encoder is.
struct ModelOptions: ParsableArguments {
    @Argument(help: "A run, or its model directory.")
    var model: String
    @Option(
        help: ArgumentHelp(
            "Name of an installed encoder, or a path to its directory; for models on one encoder.",
            discussion: "Without it, the encoder that the model was made on is looked for."))
    var encoder: String?

    /// The model's directory, also where the run was given that it is in.
    /// - Throws: `FileError` where there is none, or a run has no model yet.
    func url() throws -> URL {
        try RunOverview.model(at: URL(fileURLWithPath: model, isDirectory: true))
    }

    /// - Throws: `EncoderError`, `FileError` where there is none of that name.
    func encoderURL() throws -> URL? { try encoder.map(EncoderStore.find) }
}

/// How many threads to use.
struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads (default: all cores). The results do not depend on it.")
    var threads: Int = Parallel.availableThreads

    func validate() throws {
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads is \(threads): expected 1 to 1024")
        }
    }
}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluates a model on a split of a task.",
        discussion: """
            Of a data file without --test, the same rows are test rows as in the search on it.

            coverage is the share of rows with the truth in the set of classes, or the interval, that \
            knas predict --abstain gives; answered and answeredAccuracy are about rows with one class in \
            the set.

            EXAMPLES
              knas evaluate runs/messages messages.csv
              knas evaluate runs/messages messages.csv --test new-messages.csv
              knas evaluate runs/mrpc mrpc --data ~/MRPC --split test
            """)
    @OptionGroup var model: ModelOptions
    @OptionGroup var task: TaskOptions
    @Option(help: "train, dev or test.")
    var split = Split.test
    @Option(
        help: ArgumentHelp(
            "The share of rows that sets of classes, or intervals, may be wrong about.",
            valueName: "share"))
    var abstain = 0.05
    @OptionGroup var precision: PrecisionOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard abstain > 0, abstain < 1 else {
            throw ValidationError(
                "--abstain is \(abstain): expected a share between 0 and 1, e.g. 0.05")
        }
    }

    func run() throws {
        let console = global.console
        let outcome = try Evaluation.outcome(
            modelAt: try model.url(), on: try task.loadForModel(console), split: split,
            miscoverage: abstain, encoder: try model.encoderURL(), precision: precision.precision,
            threads: threads.threads, progress: console.progress)
        console.finish()
        let configuration = try ModelDirectory.load(try model.url()).configuration
        let positive = configuration.positiveLabel.map { configuration.labels[$0].name }
        if let conformal = configuration.conformal, outcome.coverage == nil {
            console.note(
                "warning: coverage is not shown: \(conformal.rows) held-out rows can promise a share of "
                    + String(format: "%.3f or more, not %g", conformal.leastMiscoverage, abstain))
        }
        let evaluated = EvaluatedMetrics(outcome: outcome, positive: positive)
        try global.show(evaluated, evaluated.text)
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a model in a format that other programs can read.",
        discussion: """
            EXAMPLES
              knas export runs/mrpc/model --format onnx --output mrpc.onnx
              knas export runs/mrpc/model --format safetensors --output - | sha256sum
            """)
    @OptionGroup var model: ModelOptions
    @Option(help: "\(Exporters.help).")
    var format = "safetensors"
    @Option(name: .shortAndLong, help: "The file or named pipe to write; - is standard output.")
    var output: OutputPath
    @Flag(help: "Leave the encoder out: the file takes features instead of token ids.")
    var headOnly = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let exporter = try Exporters.find(format)
        try output.check()
        let (place, encoder) = (try model.url(), try model.encoderURL())
        let loaded = try ModelDirectory.load(place)
        try exporter.export(
            loaded,
            encoders: {
                try ModelDirectory.openEncoders(
                    of: loaded.configuration, at: place, directory: encoder, preparing: true)
            }, options: ExportOptions(headOnly: headOnly), to: output.url)
        let tokenizers = try writeTokenizers(loaded.configuration)
        try global.show(
            Written(output: output.url.path, format: format, tokenizers: tokenizers),
            besides: output,
            ([output.isStandardOutput ? output.name : output.url.path] + tokenizers).joined(
                separator: "\n"))
    }
}

extension ExportCommand {
    private struct Written: Encodable {
        let output: String
        let format: String
        let tokenizers: [String]
    }

    /// Writes the tokenizers that a file with the encoder in it needs.
    private func writeTokenizers(
        _ configuration: ModelConfiguration
    ) throws -> [String] {
        guard format == "onnx", !headOnly, output.isPlainFile else { return [] }
        let encoders = try ModelDirectory.openEncoders(
            of: configuration, at: try model.url(), directory: try model.encoderURL())
        return try TokenizerExport.write(configuration, encoders: encoders, beside: output.url)
            .compactMap { outcome in
                switch outcome {
                case .written(let file): return file.path
                case .unsupported(let encoder):
                    global.console.note(
                        "warning: no tokenizer.json gives the token ids of \(encoder); take the "
                            + "tokenizer of the model directory")
                    return nil
                }
            }
    }
}

struct VocabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vocab", abstract: "Makes SentencePiece vocabularies.",
        discussion: """
            EXAMPLE
              knas vocab train --size 1000 --output vocab/small.model vocab/text.txt
            """,
        subcommands: [Train.self])

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Trains a unigram vocabulary on text files with one sentence per line.",
            discussion: """
                EXAMPLE
                  knas vocab train --size 1000 --output vocab/small.model vocab/text.txt
                """)
        @Argument(help: "Text files in UTF-8; - is standard input.")
        var files: [String]
        @Option(help: "Number of pieces.")
        var size = 1000
        @Option(
            name: .shortAndLong, help: "The file or named pipe to write; - is standard output.")
        var output: OutputPath
        @OptionGroup var global: GlobalOptions

        private struct Summary: Encodable {
            let output: String
            let bytes: Int
            let lines: Int
        }

        func run() throws {
            try output.check()
            var lines: [String] = []
            for file in files {
                let bytes = try InputSource(file).rest()
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw TokenizationError.trainingFailed(reason: "\(file) is not valid UTF-8")
                }
                lines += text.split(whereSeparator: \.isNewline).map(String.init)
            }
            let model = try VocabularyTrainer.train(lines, size: size)
            try AtomicFile.write(model, to: output.url)
            try global.show(
                Summary(output: output.url.path, bytes: model.count, lines: lines.count),
                besides: output,
                "\(output.name): \(model.count) bytes from \(lines.count) lines")
        }
    }
}
