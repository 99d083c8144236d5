import Encoders
import Export
import Foundation
import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Testing

/// Model directories as programs before format 5 wrote them, made by hand here.
@Suite("Models of older formats")
struct OldFormatTests {
    private static let genotype = "projection(width=64) > pool-mean > classifier"

    /// A directory of format 2, or 4 with several heads.
    private struct Scene {
        let directory: URL
        let graph: Graph
        let heads: [ParameterSet]
        var configuration: URL { directory.appendingPathComponent("config.json") }

        init(members: Int?) throws {
            directory = try TinyEncoder.temporaryDirectory()
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: TinyEncoder.width, classes: 2, segments: 1, layers: [2]))
            let graph = space.graph(of: try space.genotype(OldFormatTests.genotype))
            let heads = (0..<(members ?? 1)).map { member in
                let set = ParameterSet(graph)
                set.initialize(key: RandomKey(seed: 5).child(member))
                return set
            }
            let entries = heads.enumerated().flatMap { place, set in
                graph.parameters.map { parameter in
                    SafetensorsEntry(
                        name: (members == nil ? "" : "member.\(place).") + parameter.name,
                        shape: parameter.shape, floats: set.values(parameter.name) ?? [])
                }
            }
            (self.graph, self.heads) = (graph, heads)
            try SafetensorsWriter.write(
                entries, metadata: ["format": "pt"],
                to: directory.appendingPathComponent("head.safetensors"))
            try write([:], members: members)
        }

        func remove() { try? FileManager.default.removeItem(at: directory) }

        /// Writes `config.json` with other values for some keys.
        func write(_ changes: [String: Any], members: Int?) throws {
            let text = """
                {"formatVersion": \(members == nil ? 2 : 4), "task": "toy",
                 "encoder": {"name": "tiny", "digest": "0123"}, "layers": [2],
                 "pairing": "siamese", "hasPairs": false, "maximumLength": 12,
                 "genotype": "\(OldFormatTests.genotype)",
                 "labels": [{"value": "0", "name": "no"}, {"value": "1", "name": "yes"}],
                 "positiveLabel": 1, "width": \(TinyEncoder.width)}
                """
            var object =
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
            object["members"] = members
            object.merge(changes) { _, new in new }
            try JSONSerialization.data(withJSONObject: object).write(to: configuration)
        }
    }

    private func refusal(_ scene: Scene) -> String {
        let error = #expect(throws: (any Error).self) { try ModelDirectory.load(scene.directory) }
        let diagnosed = error as? any DiagnosedError
        #expect(diagnosed?.kind == .badInput)
        return diagnosed?.description ?? ""
    }

    @Test("a single head is a portfolio of one", arguments: [2, 3])
    func single(_ version: Int) throws {
        let scene = try Scene(members: nil)
        defer { scene.remove() }
        try scene.write(["formatVersion": version], members: nil)
        let model = try ModelDirectory.load(scene.directory)
        let configuration = model.configuration
        #expect(configuration.formatVersion == 5 && configuration.temperature == 1)
        #expect(
            configuration.positiveLabel == 1 && configuration.labels.map(\.name) == ["no", "yes"])
        #expect(
            configuration.views == [
                .init(
                    encoder: .init(name: "tiny", digest: "0123"), pairing: .siamese, layers: [2],
                    maximumLength: 12, width: TinyEncoder.width)
            ])
        #expect(configuration.members == [.init(genotype: Self.genotype, layers: [2])])
        #expect(model.members[0].graph == scene.graph)
        #expect(model.members[0].replicas[0].storage.array == scene.heads[0].storage.array)
        let logits: [Float] = [0.1, -2]
        #expect(model.logits([[logits]]) == logits)
    }

    @Test("an ensemble's heads are the replicas of one member and answer as before, bit for bit")
    func ensemble() throws {
        let scene = try Scene(members: 3)
        defer { scene.remove() }
        let model = try ModelDirectory.load(scene.directory)
        #expect(model.configuration.members.map(\.replicas) == [3])
        #expect(
            model.members[0].replicas.map(\.storage.array) == scene.heads.map(\.storage.array))
        // As format 4 was defined: the logarithm of the mean probabilities, in double precision.
        let logits: [[Float]] = [[0.3, -1.25], [2.5, 0.125], [-0.75, 4]]
        let logarithms = logits.map { row in
            let largest = Double(row.max()!)
            let total = largest + log(row.reduce(0) { $0 + exp(Double($1) - largest) })
            return row.map { Double($0) - total }
        }
        let expected = (0..<2).map { place -> Float in
            let largest = logarithms.map { $0[place] }.max()!
            let sum = logarithms.reduce(0) { $0 + exp($1[place] - largest) }
            return Float(log(sum / 3) + largest)
        }
        #expect(model.logits([logits]) == expected)
    }

    @Test("what is written again has the new format and the same numbers")
    func again() throws {
        let scene = try Scene(members: 3)
        defer { scene.remove() }
        let encoderURL = scene.directory.appendingPathComponent("encoder")
        try TinyEncoder.write(to: encoderURL)
        let model = try ModelDirectory.load(scene.directory)
        let url = scene.directory.appendingPathComponent("again")
        try ModelDirectory.save(
            model, encoders: [try Encoder(directory: encoderURL)], card: "", to: url)
        let text = try String(
            contentsOf: url.appendingPathComponent("config.json"), encoding: .utf8)
        #expect(text.contains("\"formatVersion\" : 5") && text.contains("\"replicas\" : 3"))
        let names = try SafetensorsFile(url.appendingPathComponent("head.safetensors")).names
        #expect(names.allSatisfy { $0.hasPrefix("member.0.replica.") })
        let again = try ModelDirectory.load(url)
        #expect(again.configuration == model.configuration)
        #expect(
            again.members[0].replicas.map(\.storage.array) == scene.heads.map(\.storage.array))
    }

    @Test(
        "a wrong number of members is an error that names it",
        arguments: [0, 1, -3, 1001, 1_000_000_000, 2, 4])
    func counts(_ members: Int) throws {
        let scene = try Scene(members: 3)
        defer { scene.remove() }
        try scene.write([:], members: members)
        // With a number in range it is the tensors that do not fit.
        let refusal = refusal(scene)
        #expect(
            refusal.contains([2, 4].contains(members) ? "member." : "\(members)"), "\(refusal)")
    }

    @Test("an ensemble with fine-tuned layers, and a fraction of a member, are refused")
    func nonsense() throws {
        let scene = try Scene(members: 3)
        defer { scene.remove() }
        try scene.write(["members": 2.5], members: 3)
        #expect(throws: ModelError.self) { try ModelDirectory.load(scene.directory) }
        try scene.write(
            [
                "layers": [0],
                "fineTuning": [
                    "firstLayer": 1, "lastLayer": 1, "headLayers": [1], "weightPrefix": "",
                ],
            ], members: 3)
        #expect(refusal(scene).contains("ensemble"))
    }

    @Test("members are missing where a single head's file is called an ensemble's")
    func missingTensors() throws {
        let scene = try Scene(members: nil)
        defer { scene.remove() }
        try scene.write([:], members: 2)
        #expect(refusal(scene).contains("member.0."))
    }

    @Test("formats that this program does not know are refused", arguments: [-1, 0, 1, 8, 1_000])
    func unknown(_ version: Int) throws {
        let scene = try Scene(members: nil)
        defer { scene.remove() }
        try scene.write(["formatVersion": version], members: nil)
        #expect(refusal(scene).contains("formatVersion is \(version): expected 2 to 7"))
    }
}
