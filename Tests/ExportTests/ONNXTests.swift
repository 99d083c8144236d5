import Encoders
import Export
import Foundation
import Graphs
import Heads
import Support
import Tasks
import TestSupport
import Testing

@Suite("ONNX files", .serialized)
struct ONNXTests {
    /// A Python with onnxruntime, if there is one.
    static let python = ProcessInfo.processInfo.environment["KNAS_PYTHON"]

    /// Lets onnxruntime compute the cases of a directory, where there is a Python to do it.
    static func compare(_ directory: URL, tolerance: String = "1e-4") throws {
        guard let python else { return }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("check_onnx.py")
        let (code, text) = try Process.runToEnd(
            URL(fileURLWithPath: python), [script.path, directory.path, tolerance])
        #expect(code == 0, "\(text)")
        print(text, terminator: "")
    }

    private func expectSound(_ file: ONNXDescription, _ name: String) {
        #expect(file.irVersion == 8 && file.opset == 17, "\(name)")
        #expect(file.dangling.isEmpty && file.repeated.isEmpty, "\(name)")
        #expect(file.wrongSizes.isEmpty, "\(name)")
        #expect(file.roundTrips, "\(name)")
    }

    @Test(
        "heads of every operation give the same logits, with padding on either side",
        arguments: [1, 2])
    func heads(_ segments: Int) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let context = HeadContext(
            inputWidth: 16, classes: 3, segments: segments, layers: [1, 2, 4])
        let space = SearchSpace(context: context)
        let key = RandomKey(seed: 11)
        var generator = key.child("genotypes").generator()
        var unseen = Set(
            OperationRegistry.standard.operations.filter {
                $0.isDrawn && (!$0.needsPair || segments == 2)
            }
            .map(\.name))
        for index in 0..<60 {
            let genotype = space.sample(using: &generator)
            unseen.subtract(genotype.genes.map(\.operation))
            let model = RandomModels.head(
                space, genotype, encoder: nil, pairing: .siamese,
                hasPairs: segments == 2, key: key.child(index))
            let file = try ONNXCase(headOnly: model, key: key.child(index).child("x"))
                .write("head-\(segments)-\(index)", to: directory)
            expectSound(file, genotype.description)
        }
        #expect(unseen.isEmpty)
        try Self.compare(directory)
    }

    @Test(
        "encoder and head in one file give the same logits", arguments: TinyEncoder.Layout.allCases)
    func encoders(_ layout: TinyEncoder.Layout) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoderURL = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoderURL, layout: layout)
        try writeWholeModels(on: Encoder(directory: encoderURL), to: directory)
        try Self.compare(directory)
    }

    /// Small encoders of many families, whose hidden states are compared with PyTorch's elsewhere.
    private static let families = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("EncodersTests/Fixtures/families")

    @Test(
        "token types of a pair in one sequence are an input, so no separator in a text can forge them"
    )
    func tokenTypes() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = try Encoder(directory: Self.families.appendingPathComponent("albert"))
        let pair = encoder.tokenizer.encode("good", pair: "bad", maximumLength: 20)
        #expect(Set(pair.segmentIDs) == [0, 1])
        let typed = encoder.tokenizer.encode("a[SEP]b", pair: nil, maximumLength: 20)
        #expect(Set(typed.segmentIDs) == [0] && typed.ids.count { $0 == typed.ids.last } == 2)
        try writeWholeModels(on: encoder, to: directory)
        try Self.compare(directory)
    }

    @Test(
        "encoders of every family give the same logits",
        arguments: [
            "albert-groups", "electra", "mpnet", "deberta-v3", "deberta-v2", "deberta-c2p",
            "deberta-p2c", "deberta-absolute",
        ])
    func families(_ name: String) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = try Encoder(directory: Self.families.appendingPathComponent(name))
        try writeWholeModels(on: encoder, to: directory)
        try Self.compare(directory)
    }

    @Test(
        "the default encoder's real weights give the same logits",
        .enabled(if: python != nil && (try? EncoderStore.find("multilingual-e5-small")) != nil))
    func defaultEncoder() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoder = try Encoder(directory: EncoderStore.find("multilingual-e5-small"))
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: encoder.width, classes: 3, segments: 2, layers: [9, 10, 12]))
        let genotype = try space.genotype(
            "layer(of=mix,norm=standard) > projection > self-attention > cross-attention > convolution(kernel=5) "
                + "> pool-attention > pair > classifier")
        let model = RandomModels.head(
            space, genotype, encoder: encoder,
            pairing: .siamese, hasPairs: true, key: RandomKey(seed: 2))
        expectSound(try ONNXCase(model, on: [encoder]).write("e5", to: directory), "e5")
        try Self.compare(directory)
    }

    @Test(
        "tokens that are aligned with the other text's give the same logits",
        .enabled(if: python != nil),
        arguments: [
            "alignment(compare=difference,width=full)",
            "alignment(compare=concatenation,width=full)", "alignment(compare=all,width=full)",
            "coverage(sharpness=2)", "coverage(sharpness=1,beside=difference)",
        ])
    func alignment(_ operation: String) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoderURL = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoderURL)
        let encoder = try Encoder(directory: encoderURL)
        let space = SearchSpace(
            context: HeadContext(
                inputWidth: encoder.width, classes: 3, segments: 2,
                layers: [encoder.configuration.layers]))
        let genotype = try space.genotype(
            "layer(norm=standard) > \(operation) > pool-mean > pair > classifier")
        let model = RandomModels.head(
            space, genotype, encoder: encoder, pairing: .siamese, hasPairs: true,
            key: RandomKey(seed: 4))
        expectSound(try ONNXCase(model, on: [encoder]).write("a", to: directory), "a")
        try Self.compare(directory)
    }

    @Test("the heads of an ensemble share one encoder and give the logarithm of their mean")
    func ensemble() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let encoderURL = directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoderURL)
        let encoder = try Encoder(directory: encoderURL)
        for segments in [1, 2] {
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: encoder.width, classes: 3, segments: segments, layers: [0, 1]))
            let genotype = try space.genotype(
                "layer(of=mix) > projection > self-attention > convolution > pool-attention > "
                    + (segments == 2 ? "pair > " : "") + "classifier")
            let key = RandomKey(seed: 8)
            func model(_ members: Int, _ encoder: Encoder?) -> Model {
                RandomModels.head(
                    space, genotype, encoder: encoder, pairing: .siamese,
                    hasPairs: segments == 2, replicas: members, key: key)
            }
            let one = try ONNXCase(model(1, encoder), on: [encoder])
                .write("one-\(segments)", to: directory)
            let three = try ONNXCase(model(3, encoder), on: [encoder])
                .write("three-\(segments)", to: directory)
            expectSound(three, "three")
            #expect(three.inputs == one.inputs && three.outputs == one.outputs)
            #expect(one.metadata["members"]?.contains("\"replicas\":1") == true)
            #expect(three.metadata["members"]?.contains("\"replicas\":3") == true)
            func names(_ file: ONNXDescription, _ part: String) -> Set<String> {
                Set(file.initializers.keys.filter { $0.contains(part) })
            }
            // The encoder is there once, every head three times.
            #expect(names(three, "encoder:") == names(one, "encoder:"))
            #expect(names(three, "member.0.replica.2.").count == names(one, "head.").count)
            let alone = try ONNXCase(headOnly: model(3, nil), key: key)
                .write("head-\(segments)", to: directory)
            expectSound(alone, "head")
        }
        try Self.compare(directory)
    }

    @Test("several views have inputs of their own, and each encoder is there once")
    func views() throws {
        let scene = try PortfolioScene([.siamese, .joint, .siamese])
        defer { scene.remove() }
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = try ONNXCase(scene.model, on: scene.encoders).write("all", to: directory)
        expectSound(file, "all")
        let names = ["input_ids", "attention_mask"]
        let pairs = names + names.map { "pair_\($0)" }
        #expect(
            file.inputs.map(\.name)
                == pairs + names.map { "view2_\($0)" }
                + ["view3_", "view3_pair_"].flatMap { prefix in
                    (names + ["token_type_ids"]).map { prefix + $0 }
                })
        #expect(file.inputs[4].shape == ["batch", "view2_tokens"])
        #expect(file.inputs[9].shape == ["batch", "view3_pair_tokens"])
        #expect(file.outputs.map(\.name) == ["logits", "probabilities"])
        // The first two views share the weights of their encoder.
        let tables = file.initializers.keys.filter { $0.contains("word_embeddings") }
        #expect(tables.map { $0.prefix { $0 != ":" } }.sorted() == ["encoder", "encoder3"])
        #expect(file.metadata["views"]?.contains("\"maximumLength\":24") == true)
        #expect(file.metadata["temperature"] == "1.25")

        let alone = try ONNXCase(headOnly: scene.model, key: RandomKey(seed: 3))
            .write("heads", to: directory)
        expectSound(alone, "heads")
        #expect(
            alone.inputs.map(\.name) == [
                "features", "attention_mask", "pair_features", "pair_attention_mask",
                "view2_features", "view2_attention_mask", "view3_features",
                "view3_attention_mask", "view3_pair_features", "view3_pair_attention_mask",
            ])
        #expect(alone.inputs[6].shape == ["batch", "view3_tokens", "\(3 * 24)"])
        try Self.compare(directory)
    }

    @Test("single texts on two encoders, at several temperatures, give the same logits")
    func encodersTogether() throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for temperature in [0.5, 1, 3] {
            let scene = try PortfolioScene(
                [.siamese, .siamese], hasPairs: false, temperature: temperature)
            defer { scene.remove() }
            let name = "single-\(temperature)"
            expectSound(
                try ONNXCase(scene.model, on: scene.encoders).write(name, to: directory), name)
        }
        try Self.compare(directory)
    }

    /// Single texts, pairs in one sequence and pairs apart, from the first layer and the last.
    private func writeWholeModels(on encoder: Encoder, to directory: URL) throws {
        let key = RandomKey(seed: 3)
        for (hasPairs, pairing) in [(false, .siamese), (true, .joint), (true, Pairing.siamese)] {
            for layers in [[0], [encoder.configuration.layers], [0, 1]] {
                let segments = hasPairs && pairing == .siamese ? 2 : 1
                let space = SearchSpace(
                    context: HeadContext(
                        inputWidth: encoder.width, classes: 4, segments: segments,
                        layers: layers))
                let name = "\(hasPairs ? pairing.rawValue : "single")-\(layers)"
                var generator = key.child(name).generator()
                let model = RandomModels.head(
                    space, space.sample(using: &generator), encoder: encoder,
                    pairing: pairing, hasPairs: hasPairs, key: key.child(name))
                let file = try ONNXCase(model, on: [encoder]).write(name, to: directory)
                expectSound(file, name)
                let types = encoder.tokenizer.encode("a", pair: "b", maximumLength: 20).segmentIDs
                let hasTypes = types.contains(1) && encoder.configuration.tokenTypes > 1
                let names =
                    ["input_ids", "attention_mask"] + (hasTypes ? ["token_type_ids"] : [])
                #expect(
                    file.inputs.map(\.name)
                        == (segments == 2 ? names + names.map { "pair_\($0)" } : names))
                #expect(file.inputs[0].shape == ["batch", "tokens"] && file.inputs[0].element == 7)
                #expect(file.outputs.map(\.name) == ["logits", "probabilities"])
                for output in file.outputs {
                    #expect(output.element == 1 && output.shape == ["batch", "4"])
                }
            }
        }
    }
}
