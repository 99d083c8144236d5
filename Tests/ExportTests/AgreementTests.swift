import Encoders
import Export
import Foundation
import Heads
import Support
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

    @Test(
        "knas predict, ONNX and the lines of Python in docs/formats.md give the same logits",
        .enabled(
            if: ONNXTests.python != nil
                && (try? EncoderStore.find("multilingual-e5-small")) != nil),
        arguments: [
            (1, "layer(of=10) > projection(width=64) > pool-mean > pair > classifier"),
            (3, "projection(width=full) > pool-mean > pair > classifier(norm=standard,dropout=0)"),
        ])
    func agreement(_ members: Int, _ head: String) throws {
        let python = try #require(ONNXTests.python)
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = try Encoder(directory: EncoderStore.find("multilingual-e5-small"))
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: encoder.width, classes: 3, segments: 2, layers: [10, 12]))
        let drawn = RandomModels.head(
            space, try space.genotype(head), encoder: encoder, pairing: .siamese, hasPairs: true,
            replicas: members, key: RandomKey(seed: 6))
        // By the name under which the program finds it.
        var configuration = drawn.configuration
        configuration.views[0].encoder.name = "multilingual-e5-small"
        let model = Model(configuration: configuration, members: drawn.members)
        let url = directory.appendingPathComponent("model")
        try ModelDirectory.save(model, encoders: [encoder], card: "", to: url)
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
        #expect(text.contains("12 rows, 3 classes, \(members) head(s)"), "\(text)")
        // The third of three ways was not left out.
        #expect(text.contains("onnxruntime and safetensors and numpy"), "\(text)")
    }
}
