import Encoders
import Export
import Foundation
import KNAS
import Metrics
import Support
import Tasks
import TestSupport
import Testing

@Suite("A portfolio in use")
struct PortfolioModelTests {
    private let workspace: Workspace
    private let dataset: Dataset

    init() throws {
        workspace = try Workspace()
        dataset = try Dataset.load(TaskDefinition.load(workspace.task), dataDirectory: nil)
    }

    private func scene() throws -> PortfolioScene {
        try PortfolioScene([.siamese, .joint, .siamese], labels: dataset.labels)
    }

    private var inputs: [TextClassifier.Input] {
        dataset.test.map { TextClassifier.Input($0.text, pair: $0.pair) }
    }

    @Test("the answers are the mixture of what each head says as a model by itself, bit for bit")
    func answers() throws {
        defer { workspace.remove() }
        let scene = try scene()
        defer { scene.remove() }
        try expectMixture(scene.model, scene.encoders, at: scene.url)
    }

    @Test(
        "a head on trained layers and others on the frozen encoder, too",
        arguments: [(Pairing.joint, 1), (.joint, 2), (.siamese, 1)])
    func tunedAnswers(_ pairing: Pairing, _ firstLayer: Int) throws {
        defer { workspace.remove() }
        let scene = try TunedScene(
            pairing, firstLayer: firstLayer, includesEncoder: firstLayer == 2,
            labels: dataset.labels)
        defer { scene.remove() }
        try expectMixture(scene.model, scene.encoders, at: scene.url)
        if firstLayer == 2 { try FileManager.default.removeItem(at: scene.encoder.directory) }
        let texts = workspace.directory.appendingPathComponent("texts.tsv")
        try "a good day\tit is good\n".write(to: texts, atomically: true, encoding: .utf8)
        for arguments in [
            ["predict", scene.url.path, texts.path, "--explain"],
            ["evaluate", scene.url.path, workspace.task.path],
            ["export", scene.url.path, "--format", "onnx", "--output", "model.onnx"],
        ] {
            let outcome = try Program.run(arguments, in: workspace.directory)
            #expect(outcome.code == 0, "\(outcome.error)")
        }
    }

    /// Compares a saved model's answers with those of its heads as models by themselves.
    private func expectMixture(_ model: Model, _ encoders: [Encoder], at url: URL) throws {
        let answers = try TextClassifier(contentsOf: url, threads: 1).classify(inputs)
        let again = try TextClassifier(contentsOf: url, threads: 2).classify(inputs)
        #expect(answers == again)
        let whole = model.configuration
        let alone = try model.members.enumerated().map { place, member in
            var configuration = whole
            var own = whole.members[place]
            let view = own.view
            configuration.views = [whole.views[view]]
            (own.view, own.weight, own.replicas) = (0, 1, 1)
            configuration.members = [own]
            configuration.temperature = 1
            // Only the layers that this head reads.
            configuration.views[0].layers = own.layers
            return try member.replicas.map { parameters in
                try TextClassifier(
                    model: Model(
                        configuration: configuration, graph: member.graph, parameters: parameters,
                        unfrozen: member.unfrozen),
                    encoders: [encoders[view]], threads: 2
                ).classify(inputs)
            }
        }
        for (row, answer) in answers.enumerated() {
            let logits = model.logits(alone.map { $0.map { $0[row].logits } })
            #expect(answer.logits == logits)
            #expect(abs(answer.probabilities.reduce(0, +) - 1) < 1e-5)
        }
        #expect(Set(answers.map(\.probability)).count > 30)
    }

    @Test("evaluation reads the features of each view and gives what the classifier says")
    func evaluation() throws {
        defer { workspace.remove() }
        let scene = try scene()
        defer { scene.remove() }
        let cache = workspace.directory.appendingPathComponent("cache")
        let predictions = try [1, 2].map { threads in
            try Evaluation.predictions(
                of: scene.model, encoders: scene.encoders, on: dataset, split: .test,
                cache: cache, threads: threads)
        }
        #expect(predictions[0].probabilities == predictions[1].probabilities)
        #expect(predictions[0].labels == dataset.test.map(\.label))
        let answers = try TextClassifier(contentsOf: scene.url).classify(inputs)
        // Features in the cache are rounded to float16.
        let difference =
            zip(answers.flatMap(\.probabilities), predictions[0].probabilities)
            .map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 2e-3, "\(difference)")
        let metrics = try Evaluation.evaluate(
            modelAt: scene.url, on: dataset, split: .test, threads: 2)
        #expect(metrics == ClassificationMetrics(predictions[0], positive: 1))
    }

    @Test("the program predicts, evaluates and exports; one encoder cannot stand for two")
    func program() throws {
        defer { workspace.remove() }
        let scene = try scene()
        defer { scene.remove() }
        func knas(_ arguments: String...) throws -> Program.Outcome {
            try Program.run(arguments, in: workspace.directory)
        }
        let texts = workspace.directory.appendingPathComponent("texts.tsv")
        try "a good day\tit is good\n".write(to: texts, atomically: true, encoding: .utf8)
        let answer = try knas("predict", scene.url.path, texts.path)
        #expect(answer.code == 0 && answer.output.contains("\"label\":"), "\(answer.error)")
        let metrics = try knas("evaluate", scene.url.path, workspace.task.path)
        #expect(metrics.code == 0, "\(metrics.error)")
        for format in ["onnx", "safetensors"] {
            let outcome = try knas(
                "export", scene.url.path, "--format", format, "--output", "model.\(format)")
            #expect(outcome.code == 0, "\(outcome.error)")
        }
        let refused = try knas(
            "predict", scene.url.path, texts.path, "--encoder", workspace.encoder.path)
        #expect(refused.code == 64)
        #expect(refused.error.contains("--encoder is for models on one encoder"))
        #expect(refused.error.contains("electra"))
    }
}
