import Encoders
import Export
import Foundation
import KNAS
import Support
import Tasks
import TestSupport
import Testing

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
        configuration.encoder = encoder.path
        configuration.candidates = 40
        configuration.keep = 2
        configuration.seeds = 2
        configuration.training.epochs = 4
        configuration.scoring.examples = 24
        configuration.threads = threads
        return configuration
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}

@Suite("A whole run", .serialized)
struct PipelineTests {
    @Test(
        "files to model: leaderboard, result, report and a model that gives the same numbers",
        arguments: [true, false])
    func wholeRun(_ pairs: Bool) throws {
        let workspace = try Workspace(pairs: pairs)
        defer { workspace.remove() }
        let result = try Pipeline(workspace.configuration("one", threads: 1)).run()
        let again = try Pipeline(workspace.configuration("two", threads: 2)).run()
        func bytes(_ run: String, _ file: String) throws -> Data {
            try Data(
                contentsOf: workspace.directory.appendingPathComponent(run)
                    .appendingPathComponent(file))
        }
        #expect(try bytes("one", "leaderboard.csv") == bytes("two", "leaderboard.csv"))
        #expect(
            try bytes("one", "model/head.safetensors") == bytes("two", "model/head.safetensors"))
        #expect(result.winner.test == again.winner.test)
        #expect(result.search.scored == 40)
        #expect(result.winner.perSeed.count == 2)
        // The search's best head met linear heads that are fitted exactly; the loser is a control.
        let lost = result.winner.training.strength == nil ? "logistic" : "searched"
        #expect(Set(result.baselines.keys) == ["linear", "mlp", "random", lost])
        #expect(result.winner.tuning.count == 4)
        #expect(
            lost == "searched"
                || result.winner.tuning.contains { $0.configuration == result.winner.training })
        // Both finalists were tried on dev and on a fold of train.
        #expect(result.finalists.map(\.parts) == [2, 2])
        let pareto = result.pareto
        #expect(!pareto.isEmpty)
        #expect(
            zip(pareto, pareto.dropFirst()).allSatisfy {
                $0.parameters < $1.parameters && $0.heldOutAccuracy < $1.heldOutAccuracy
            })
        #expect(result.winner.ensemble?.count == result.rows["test"])
        #expect(try !bytes("one", "report.html").isEmpty)
        let decoded = try JSONDecoder().decode(RunResult.self, from: bytes("one", "result.json"))
        #expect(decoded.winner.genotype == result.winner.genotype)

        // The exported seed is one of the seeds, and evaluating it gives its numbers exactly.
        let dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
        let model = workspace.directory.appendingPathComponent("one/model")
        let metrics = try Evaluation.evaluate(
            modelAt: model, on: dataset, split: .test, threads: 2)
        #expect(result.winner.perSeed.contains { $0.test == metrics })

        let classifier = try TextClassifier(contentsOf: model, threads: 1)
        let inputs = dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
        let first = try classifier.classify(inputs)
        #expect(first == (try TextClassifier(contentsOf: model, threads: 2).classify(inputs)))
        let correct = zip(first, dataset.test).filter {
            $0.label == dataset.labels[$1.label].name
        }.count
        #expect(abs(Double(correct) / Double(inputs.count) - metrics.accuracy) < 0.03)
    }

    @Test("a model does not run on another encoder, with a missing text, or when it is damaged")
    func brokenModels() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        var configuration = workspace.configuration("run")
        configuration.head = "projection(width=64) > pool-mean > pair > classifier"
        configuration.candidates = 1
        configuration.keep = 1
        _ = try Pipeline(configuration).run()
        let model = workspace.directory.appendingPathComponent("run/model")
        let classifier = try TextClassifier(contentsOf: model)
        #expect(throws: ModelError.self) { try classifier.classify("one text only") }

        let other = workspace.directory.appendingPathComponent("other")
        try TinyEncoder.write(to: other, layout: .float16)
        #expect(throws: ModelError.self) { try TextClassifier(contentsOf: model, encoder: other) }

        let weights = model.appendingPathComponent("head.safetensors")
        let whole = try Data(contentsOf: weights)
        try whole.prefix(whole.count / 2).write(to: weights)
        let error = #expect(throws: (any Error).self) { try TextClassifier(contentsOf: model) }
        #expect((error as? any DiagnosedError)?.kind == .badInput)
    }

    @Test("a stop leaves no model and throws Interrupted")
    func stop() throws {
        let workspace = try Workspace()
        defer { workspace.remove() }
        #expect(throws: Interrupted.self) {
            try Pipeline(workspace.configuration("run"), progress: { _ in .stop }).run()
        }
        let model = workspace.directory.appendingPathComponent("run/model")
        #expect(!FileManager.default.fileExists(atPath: model.path))
    }
}
