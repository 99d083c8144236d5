import Encoders
import Export
import Foundation
import Heads
import Support
import TestSupport
import Testing

@Suite("ONNX export refuses")
struct ONNXErrorTests {
    private struct Scene {
        let directory: URL
        let encoder: Encoder
        let model: Model
        var output: URL { directory.appendingPathComponent("model.onnx") }

        init() throws {
            directory = try TinyEncoder.temporaryDirectory()
            let url = directory.appendingPathComponent("encoder")
            try TinyEncoder.write(to: url)
            encoder = try Encoder(directory: url)
            let space = SearchSpace(
                context: HeadContext(inputWidth: TinyEncoder.width, classes: 2, segments: 1))
            model = RandomModels.head(
                space, try space.genotype("projection > pool-mean > classifier"),
                encoder: encoder, pairing: .siamese, hasPairs: false,
                key: RandomKey(seed: 1))
        }

        func remove() { try? FileManager.default.removeItem(at: directory) }

        /// That nothing was written, not even under a temporary name.
        func expectNothingWritten() throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            #expect(names == ["encoder"])
        }
    }

    @Test("weights that no file can hold, before anything is written")
    func tooLarge() throws {
        let scene = try Scene()
        defer { scene.remove() }
        let error = #expect(throws: ExportError.self) {
            try ONNXExporter(limit: 10_000).export(
                scene.model, encoders: { [scene.encoder] }, options: ExportOptions(),
                to: scene.output)
        }
        #expect(error?.kind == .badInput && error?.description.contains("--head-only") == true)
        try scene.expectNothingWritten()
    }

    @Test("an encoder that the head was not made on")
    func otherEncoder() throws {
        let scene = try Scene()
        defer { scene.remove() }
        var configuration = scene.model.configuration
        configuration.views[0].encoder.digest = "another"
        let model = Model(
            configuration: configuration, members: scene.model.members)
        let error = #expect(throws: ModelError.self) {
            try Exporters.find("onnx").export(
                model, encoders: { [scene.encoder] }, options: ExportOptions(), to: scene.output)
        }
        #expect(error?.kind == .badInput)
        try scene.expectNothingWritten()
    }

    @Test("a layer that the encoder does not have")
    func badLayer() throws {
        let scene = try Scene()
        defer { scene.remove() }
        var configuration = scene.model.configuration
        configuration.views[0].layers = [7]
        configuration.members[0].layers = [7]
        let model = Model(
            configuration: configuration, members: scene.model.members)
        #expect(throws: EncoderError.self) {
            try Exporters.find("onnx").export(
                model, encoders: { [scene.encoder] }, options: ExportOptions(), to: scene.output)
        }
        try scene.expectNothingWritten()
    }

    @Test("an unknown format is refused, with those that exist")
    func unknownFormat() {
        let error = #expect(throws: ModelError.self) { try Exporters.find("tflite") }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains("safetensors, onnx") == true)
        for exporter in Exporters.all { #expect(Exporters.help.contains(exporter.name)) }
    }

    @Test(
        "nothing where the head is exported alone: every format writes one without opening the encoder"
    )
    func headOnly() throws {
        let scene = try Scene()
        defer { scene.remove() }
        for exporter in Exporters.all {
            let url = scene.directory.appendingPathComponent("head.\(exporter.name)")
            try exporter.export(
                scene.model, encoders: { throw FileError.missing(path: "encoder") },
                options: ExportOptions(headOnly: true), to: url)
            #expect(try !Data(contentsOf: url).isEmpty)
        }
        let file = try ONNXDescription(
            Data(contentsOf: scene.directory.appendingPathComponent("head.onnx")))
        #expect(file.inputs.map(\.name) == ["features", "attention_mask"])
        #expect(file.inputs[0].shape == ["batch", "tokens", "16"])
        #expect(file.metadata["labels"] == #"["class 0","class 1"]"#)
        let genotype = scene.model.configuration.members[0].genotype
        #expect(file.metadata["members"]?.contains(genotype) == true)
    }
}
