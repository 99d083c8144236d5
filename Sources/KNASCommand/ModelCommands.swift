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
    @Argument(help: "A model directory.")
    var model: String
    @Option(
        help:
            "The encoder's directory, where it is not installed under its name; for models on one encoder."
    )
    var encoder: String?

    var url: URL { URL(fileURLWithPath: model) }
    var encoderURL: URL? { encoder.map { URL(fileURLWithPath: $0) } }
}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluates a model on a split of a task.",
        discussion: "EXAMPLE\n  knas evaluate runs/mrpc/model mrpc --data ~/MRPC --split test")
    @OptionGroup var model: ModelOptions
    @OptionGroup var task: TaskOptions
    @Option(help: "train, dev or test.")
    var split = Split.test
    @Option(help: "Threads; all cores without it.")
    var threads: Int = Parallel.availableThreads
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        let metrics = try Evaluation.evaluate(
            modelAt: model.url, on: try task.load(), split: split, encoder: model.encoderURL,
            threads: max(1, threads), progress: console.progress)
        console.finish()
        if global.json { return try Console.printJSON(metrics) }
        for (name, value) in ClassificationMetrics.all {
            guard let value = value(metrics) else { continue }
            print(name.padded(18) + String(format: "%.4f", value))
        }
        print("rows".padded(18) + "\(metrics.count)")
    }
}

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classifies texts; prints one JSON object per line.",
        discussion: """
            Reads one text per line; for models of pairs, two texts separated by a tab. Each line of the \
            output is an object, even without --json: label, probability, and every class's probability.

            EXAMPLES
              echo "More towels, please" | knas predict runs/front-desk/model
              knas predict runs/mrpc/model pairs.tsv > answers.jsonl
            """)
    @OptionGroup var model: ModelOptions
    @Argument(help: "A file, or - for standard input.")
    var file = "-"
    @Flag(help: "Also print every class's logit.")
    var logits = false
    @Option(help: "Threads; all cores without it.")
    var threads: Int = Parallel.availableThreads
    @OptionGroup var global: GlobalOptions

    private struct Answer: Encodable {
        let label: String
        let probability: Float
        let probabilities: [String: Float]
        let logits: [String: Float]?
    }

    func run() throws {
        let classifier = try TextClassifier(
            contentsOf: model.url, encoder: model.encoderURL, threads: max(1, threads))
        let name = file == "-" ? "standard input" : file
        let data =
            file == "-"
            ? FileHandle.standardInput.readDataToEndOfFile()
            : try MappedFile(URL(fileURLWithPath: file)).withUnsafeBytes { Data($0) }
        let inputs = try PredictionInput.parse(data, name: name, pairs: classifier.takesPairs)
        for part in (0..<inputs.count).pieces(of: 512) {
            var text = Data()
            for result in try classifier.classify(Array(inputs[part])) {
                func byName(_ values: [Float]) -> [String: Float] {
                    Dictionary(zip(classifier.labels, values)) { first, _ in first }
                }
                let answer = Answer(
                    label: result.label, probability: result.probability,
                    probabilities: byName(result.probabilities),
                    logits: logits ? byName(result.logits) : nil)
                text += try JSONEncoder.compact.encode(answer) + Data("\n".utf8)
            }
            do {
                try FileHandle.standardOutput.write(contentsOf: text)
            } catch {
                return  // The reader has closed the pipe.
            }
            if Interruption.isRequested { throw Interrupted() }
        }
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a model in a format that other programs can read.",
        discussion: """
            EXAMPLES
              knas export runs/mrpc/model --format onnx --output mrpc.onnx
              knas export runs/mrpc/model --format safetensors --output head.safetensors
            """)
    @OptionGroup var model: ModelOptions
    @Option(help: "\(Exporters.help).")
    var format = "safetensors"
    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String
    @Flag(help: "Leave the encoder out: the file takes features instead of token ids.")
    var headOnly = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let exporter = try Exporters.find(format)
        let loaded = try ModelDirectory.load(model.url)
        let url = URL(fileURLWithPath: output)
        try exporter.export(
            loaded,
            encoders: {
                try ModelDirectory.openEncoders(
                    of: loaded.configuration, at: model.url, directory: model.encoderURL,
                    preparing: true)
            }, options: ExportOptions(headOnly: headOnly), to: url)
        try global.show(["output": url.path, "format": format], url.path)
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
        @Argument(help: "Text files in UTF-8.")
        var files: [String]
        @Option(help: "Number of pieces.")
        var size = 1000
        @Option(name: .shortAndLong, help: "The model file to write.")
        var output: String

        func run() throws {
            var lines: [String] = []
            for file in files {
                let mapped = try MappedFile(URL(fileURLWithPath: file))
                guard let text = String(validating: mapped.bytes, as: UTF8.self) else {
                    throw TokenizationError.trainingFailed(reason: "\(file) is not valid UTF-8")
                }
                lines += text.split(whereSeparator: \.isNewline).map(String.init)
            }
            let model = try VocabularyTrainer.train(lines, size: size)
            try AtomicFile.write(model, to: URL(fileURLWithPath: output))
            print("\(output): \(model.count) bytes from \(lines.count) lines")
        }
    }
}
