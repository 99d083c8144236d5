import Encoders
import Export
import Foundation
import Heads
import Support
import Tasks
import TestSupport
import Testing

/// What `Scripts/check-agreement` does, on heads of random weights: the program, onnxruntime, and the
/// lines of Python in docs/formats.md on the same texts.
@Suite("Agreement", .serialized)
struct AgreementTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("knas")

    private static let name = "multilingual-e5-small"
    private static var canRun: Bool {
        ONNXTests.python != nil && (try? EncoderStore.find(name)) != nil
    }

    private static let linear =
        "projection(width=full) > pool-mean > pair > classifier(norm=standard,dropout=0)"

    @Test(
        "knas predict, ONNX and the lines of Python in docs/formats.md give the same logits",
        .enabled(if: canRun),
        arguments: [
            (1, "layer(of=10) > projection(width=64) > pool-mean > pair > classifier"), (3, linear),
        ])
    func agreement(_ replicas: Int, _ head: String) throws {
        let encoder = try Encoder(directory: EncoderStore.find(Self.name))
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: encoder.width, classes: 3, segments: 2, layers: [10, 12]))
        var configuration = RandomModels.head(
            space, try space.genotype(head), encoder: encoder, pairing: .siamese, hasPairs: true,
            replicas: replicas, key: RandomKey(seed: 6)
        ).configuration
        // By the name under which the program finds it.
        configuration.views[0].encoder.name = Self.name
        try compare(configuration, encoder, heads: replicas, withNumPy: true)
    }

    @Test(
        "a portfolio's answers agree, too: of linear heads, and over two views",
        .enabled(if: canRun))
    func portfolio() throws {
        let encoder = try Encoder(directory: EncoderStore.find(Self.name))
        func view(_ pairing: Pairing, _ layers: [Int]) -> ModelConfiguration.View {
            .init(
                encoder: .init(name: Self.name, digest: encoder.digest), pairing: pairing,
                layers: layers, maximumLength: 48, width: encoder.width)
        }
        let narrow = "projection(width=64) > pool-mean > pair > classifier"
        var configuration = ModelConfiguration(
            task: "toy", hasPairs: true, labels: RandomModels.labels(3), positiveLabel: nil,
            views: [view(.siamese, [6, 9])],
            members: [
                .init(
                    genotype: "layer(of=9) > \(Self.linear)", layers: [9], weight: 0.625,
                    replicas: 2),
                .init(genotype: "layer(of=6) > \(narrow)", layers: [6], weight: 0.375),
            ], temperature: 1.5)
        try compare(configuration, encoder, heads: 3, withNumPy: true)
        configuration.views.append(view(.joint, [2, 5]))
        configuration.members[0].weight = 0.125
        configuration.members.append(
            .init(
                genotype: "layer(of=mix) > projection > self-attention > pool-max > classifier",
                view: 1, layers: [2, 5], weight: 0.5))
        try compare(configuration, encoder, heads: 4, withNumPy: false)
    }

    /// Runs `check_agreement.py` on a model with random weights.
    private func compare(
        _ configuration: ModelConfiguration, _ encoder: Encoder, heads: Int, withNumPy: Bool
    ) throws {
        let python = try #require(ONNXTests.python)
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let model = try RandomModels.portfolio(configuration, key: RandomKey(seed: 6))
        let url = directory.appendingPathComponent("model")
        try ModelDirectory.save(
            model, encoders: configuration.views.map { _ in encoder }, card: "", to: url)
        let texts = directory.appendingPathComponent("texts.tsv")
        let pairs = try String(
            contentsOf: Self.root.appendingPathComponent("tasks/paraphrase/test.tsv"),
            encoding: .utf8
        ).split(separator: "\n").dropFirst().prefix(12).map {
            $0.split(separator: "\t").prefix(2).joined(separator: "\t") + "\n"
        }
        try pairs.joined().write(to: texts, atomically: true, encoding: .utf8)

        let (code, text) = try Process.runToEnd(
            URL(fileURLWithPath: python),
            [
                "Tests/ExportTests/check_agreement.py", Self.program.path, url.path, texts.path,
                "docs/formats.md",
            ], in: Self.root)
        #expect(code == 0, "\(text)")
        #expect(
            text.contains(
                "12 rows, 3 classes, \(heads) head(s), \(configuration.views.count) view(s)"),
            "\(text)")
        // The third of three ways was not left out.
        #expect(text.contains("onnxruntime and safetensors and numpy") == withNumPy, "\(text)")
    }
}
