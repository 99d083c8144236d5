import Encoders
import Export
import Foundation
import Heads
import Support
import Tensors
import TestSupport
import Testing

@Suite("Ensembles")
struct EnsembleTests {
    @Test("the softmax of an ensemble's logits is the mean of its members' softmaxes")
    func mean() {
        let members: [[Float]] = [[1, 2, -3, 0, 0, 0], [0.5, -1, 4, 200, 0, -200]]
        let logits = Ensemble.logits(members, classes: 3)
        func softmax(_ row: ArraySlice<Float>) -> [Double] {
            let powers = row.map { exp(Double($0) - Double(row.max()!)) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
        for row in [0..<3, 3..<6] {
            let parts = members.map { softmax($0[row]) }
            let found = softmax(logits[row])
            for index in 0..<3 {
                #expect(abs(found[index] - (parts[0][index] + parts[1][index]) / 2) < 1e-6)
            }
        }
        #expect(logits.allSatisfy { $0.isFinite && $0 <= 0 })
    }

    @Test("where all members are sure, what is impossible still has a finite logarithm")
    func extremes() {
        let sure: [Float] = [0, -3e4, 1e30, -1e30]
        let logits = Ensemble.logits([sure, sure], classes: 2)
        #expect(logits.allSatisfy { $0.isFinite })
        #expect(logits[0] == 0 && logits[1] == -3e4)
    }

    @Test("the logits of one member stay what they are")
    func one() {
        #expect(Ensemble.logits([[3, 1, 2]], classes: 3) == [3, 1, 2])
    }

    // MARK: Model directories

    /// A saved ensemble and what is needed to change it.
    private struct Scene {
        let directory: URL
        let encoder: Encoder
        let model: Model
        var url: URL { directory.appendingPathComponent("model") }
        var configuration: URL { url.appendingPathComponent("config.json") }
        var weights: URL { url.appendingPathComponent("head.safetensors") }

        init(members: Int = 3) throws {
            directory = try TinyEncoder.temporaryDirectory()
            let place = directory.appendingPathComponent("encoder")
            try TinyEncoder.write(to: place)
            encoder = try Encoder(directory: place)
            let space = SearchSpace(
                context: HeadContext(inputWidth: TinyEncoder.width, classes: 2, segments: 1))
            model = ONNXCase.model(
                space, try space.genotype("projection(width=64) > pool-mean > classifier"),
                encoder: encoder, pairing: .siamese, hasPairs: false, members: members,
                key: RandomKey(seed: 5))
            try ModelDirectory.save(model, encoder: encoder, card: "", to: url)
        }

        func remove() { try? FileManager.default.removeItem(at: directory) }

        func edit(_ change: (inout [String: Any]) -> Void) throws {
            var object =
                try JSONSerialization.jsonObject(with: Data(contentsOf: configuration))
                as? [String: Any] ?? [:]
            change(&object)
            try JSONSerialization.data(withJSONObject: object).write(to: configuration)
        }
    }

    @Test("an ensemble comes back as it was saved, bit for bit")
    func roundTrip() throws {
        let scene = try Scene()
        defer { scene.remove() }
        let loaded = try ModelDirectory.load(scene.url)
        #expect(loaded.configuration == scene.model.configuration)
        #expect(loaded.configuration.members == 3 && loaded.configuration.formatVersion == 4)
        #expect(
            loaded.members.map(\.storage.array) == scene.model.members.map(\.storage.array))
        #expect(Set(loaded.members.map(\.storage.array)).count == 3)
        let export = scene.directory.appendingPathComponent("head.safetensors")
        try Exporters.find("safetensors").export(
            loaded, encoder: { scene.encoder }, options: ExportOptions(), to: export)
        let file = try SafetensorsFile(export)
        #expect(file.metadata["members"] == "3")
        #expect(file.names.count == 3 * scene.model.graph.parameters.count)
        #expect(file.names.allSatisfy { $0.hasPrefix("member.") })
    }

    @Test("an ensemble of one is the head alone, in the format without members")
    func single() throws {
        let scene = try Scene(members: 1)
        defer { scene.remove() }
        let text = try String(contentsOf: scene.configuration, encoding: .utf8)
        #expect(!text.contains("members") && text.contains("\"formatVersion\" : 2"))
        let names = try SafetensorsFile(scene.weights).names
        #expect(names.allSatisfy { $0.hasPrefix("head.") })
    }

    @Test(
        "a wrong number of members is an error that names it",
        arguments: [0, 1, -3, 1001, 1_000_000_000, 2, 4])
    func counts(_ members: Int) throws {
        let scene = try Scene()
        defer { scene.remove() }
        try scene.edit { $0["members"] = members }
        let error = #expect(throws: (any Error).self) { try ModelDirectory.load(scene.url) }
        let diagnosed = try #require(error as? any DiagnosedError)
        #expect(diagnosed.kind == .badInput)
        // With a number in range it is the tensors that do not fit.
        #expect(
            diagnosed.description.contains([2, 4].contains(members) ? "member." : "\(members)"),
            "\(diagnosed)")
    }

    @Test("an ensemble with fine-tuned layers, and a fraction of a member, are refused")
    func nonsense() throws {
        let scene = try Scene()
        defer { scene.remove() }
        try scene.edit { $0["members"] = 2.5 }
        #expect(throws: ModelError.self) { try ModelDirectory.load(scene.url) }
        try scene.edit {
            $0["members"] = 3
            $0["layers"] = [0]
            $0["fineTuning"] = [
                "firstLayer": 1, "lastLayer": 1, "headLayers": [1], "weightPrefix": "",
            ]
        }
        let error = #expect(throws: ModelError.self) { try ModelDirectory.load(scene.url) }
        #expect(error?.description.contains("ensemble") == true, "\(error!)")
    }

    @Test("members are missing where a single head's file is called an ensemble's")
    func missingTensors() throws {
        let scene = try Scene(members: 1)
        defer { scene.remove() }
        try scene.edit { $0["members"] = 2 }
        let error = #expect(throws: (any Error).self) { try ModelDirectory.load(scene.url) }
        #expect((error as? any DiagnosedError)?.kind == .badInput)
    }
}
