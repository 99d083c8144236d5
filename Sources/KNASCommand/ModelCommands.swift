import ArgumentParser
import Encoders
import Export
import Foundation
import KNAS
import Metrics
import Support
import Tasks
import Tokenization

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluates a model on a split of a task.",
        discussion: "EXAMPLE\n  knas evaluate runs/mrpc/model mrpc --data ~/MRPC --split test")
    @Argument(help: "A model directory.")
    var model: String
    @OptionGroup var task: TaskOptions
    @Option(help: "train, dev or test.")
    var split = Split.test
    @Option(help: "The encoder's directory, where it is not installed under its name.")
    var encoder: String?
    @Option(help: "Threads; all cores without it.")
    var threads: Int = Parallel.availableThreads
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let console = global.console
        let metrics = try Evaluation.evaluate(
            modelAt: URL(fileURLWithPath: model), on: try task.load(), split: split,
            encoder: encoder.map { URL(fileURLWithPath: $0) }, threads: max(1, threads),
            progress: console.progress)
        console.finish()
        if global.json { return try Console.printJSON(metrics) }
        for (name, value) in ClassificationMetrics.all {
            guard let value = value(metrics) else { continue }
            print(
                name.padding(toLength: 18, withPad: " ", startingAt: 0)
                    + String(format: "%.4f", value))
        }
        print("rows".padding(toLength: 18, withPad: " ", startingAt: 0) + "\(metrics.count)")
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
    @Argument(help: "A model directory.")
    var model: String
    @Argument(help: "A file, or - for standard input.")
    var file = "-"
    @Flag(help: "Also print every class's logit.")
    var logits = false
    @Option(help: "The encoder's directory, where it is not installed under its name.")
    var encoder: String?
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
            contentsOf: URL(fileURLWithPath: model),
            encoder: encoder.map { URL(fileURLWithPath: $0) },
            threads: max(1, threads))
        let name = file == "-" ? "standard input" : file
        let data =
            file == "-"
            ? FileHandle.standardInput.readDataToEndOfFile()
            : try MappedFile(URL(fileURLWithPath: file)).withUnsafeBytes { Data($0) }
        let inputs = try PredictionInput.parse(data, name: name, pairs: classifier.takesPairs)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var start = 0
        while start < inputs.count {
            let part = Array(inputs[start..<min(inputs.count, start + 512)])
            var text = Data()
            for result in try classifier.classify(part) {
                func byName(_ values: [Float]) -> [String: Float] {
                    Dictionary(zip(classifier.labels, values)) { first, _ in first }
                }
                let answer = Answer(
                    label: result.label, probability: result.probability,
                    probabilities: byName(result.probabilities),
                    logits: logits ? byName(result.logits) : nil)
                text += try encoder.encode(answer) + Data("\n".utf8)
            }
            do {
                try FileHandle.standardOutput.write(contentsOf: text)
            } catch {
                return  // The reader has closed the pipe.
            }
            start += part.count
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
    @Argument(help: "A model directory.")
    var model: String
    @Option(help: "\(Exporters.help).")
    var format = "safetensors"
    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String
    @Flag(help: "Leave the encoder out: the file takes features instead of token ids.")
    var headOnly = false
    @Option(help: "The encoder's directory, where it is not installed under its name.")
    var encoder: String?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let exporter = try Exporters.find(format)
        let loaded = try ModelDirectory.load(URL(fileURLWithPath: model))
        let url = URL(fileURLWithPath: output)
        try exporter.export(
            loaded,
            encoder: {
                let directory =
                    try encoder.map { URL(fileURLWithPath: $0) }
                    ?? ModelDirectory.encoderDirectory(
                        of: loaded.configuration, at: URL(fileURLWithPath: model))
                return try Encoder(directory: directory)
            }, options: ExportOptions(headOnly: headOnly), to: url)
        if global.json {
            try Console.printJSON(["output": url.path, "format": format])
        } else {
            print(url.path)
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
