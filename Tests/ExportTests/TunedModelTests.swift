import Encoders
import Export
import Foundation
import Graphs
import Support
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("A fine-tuned head beside heads on the frozen encoder", .serialized)
struct TunedModelTests {
    private func files(_ url: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted()
    }

    @Test(
        "it comes back bit for bit, as an overlay and beside the whole encoder",
        arguments: [(1, false, false), (2, false, true), (1, true, true), (2, true, false)])
    func roundTrip(_ firstLayer: Int, _ isFirst: Bool, _ isStandalone: Bool) throws {
        let scene = try TunedScene(
            firstLayer: firstLayer, isFirst: isFirst, includesEncoder: isStandalone)
        defer { scene.remove() }
        let text = try String(contentsOf: scene.configuration, encoding: .utf8)
        #expect(text.contains("\"formatVersion\" : 7"))
        let place = isFirst ? 0 : 1
        let found = try files(scene.url).filter { $0.contains("/") || $0.contains("encoder") }
        let overlay = ["encoder.json", "encoder.safetensors"].map { "view-\(place + 1)/\($0)" }
        #expect(Set(found).isSuperset(of: overlay))
        #expect(found.contains("encoder/model.safetensors") == isStandalone)
        if isStandalone {
            // Heads on the frozen encoder need its weights as they were.
            let own = try Encoder(directory: scene.url.appendingPathComponent("encoder"))
            let key = "encoder.layer.1.output.dense.weight"
            func weights(_ encoder: Encoder) throws -> [Float] {
                try SafetensorsFile(
                    encoder.directory.appendingPathComponent("model.safetensors")
                ).floats(key, expecting: [16, 32])
            }
            #expect(try weights(own) == weights(scene.encoder))
            try FileManager.default.removeItem(at: scene.encoder.directory)
        }
        let model = try ModelDirectory.load(scene.url)
        #expect(model.members.map { $0.unfrozen?.layers } == [nil, firstLayer...2, nil])
        #expect(model.members.map(\.graph) == scene.model.members.map(\.graph))
        let (loaded, saved) = (model.members, scene.model.members)
        #expect(
            loaded.map { $0.replicas.map(\.storage.array) }
                == saved.map { $0.replicas.map(\.storage.array) })
        let encoders = try ModelDirectory.openEncoders(of: model.configuration, at: scene.url)
        #expect(encoders[0].digest == encoders[1].digest)
        // Written again, in the other way.
        let again = scene.directory.appendingPathComponent("again")
        try ModelDirectory.save(
            model, encoders: encoders, card: "", includesEncoder: !isStandalone, to: again)
        let second = try ModelDirectory.load(again)
        #expect(
            second.members.map { $0.replicas.map(\.storage.array) }
                == saved.map { $0.replicas.map(\.storage.array) })
        #expect(
            second.configuration.views.map { $0.encoder.isIncluded == true }
                == [!isStandalone, !isStandalone])
        _ = try ModelDirectory.openEncoders(of: second.configuration, at: again)
    }

    @Test("by itself it lies where it did, and only a linear head beside it needs the new format")
    func alone() throws {
        for (hasLinear, version) in [(false, 5), (true, 7)] {
            let scene = try TunedScene(hasFrozen: false, hasLinear: hasLinear)
            defer { scene.remove() }
            let model = try ModelDirectory.load(scene.url)
            #expect(model.configuration.formatVersion == version)
            #expect(model.configuration == scene.model.configuration)
            #expect(model.members[0].unfrozen?.layers == 1...2)
            #expect(try files(scene.url).contains("encoder.safetensors"))
            if hasLinear {
                try scene.edit { $0["formatVersion"] = 5 }
                #expect(
                    refusal(scene.url).contains(
                        "fineTuning.linear in format 5: expected formatVersion 7"))
            }
        }
    }

    @Test("below the trained layers both views run once: an answer costs two passes at most")
    func cost() throws {
        for (firstLayer, expected) in [(1, 2.0), (2, 1.5)] {
            let scene = try TunedScene(firstLayer: firstLayer)
            defer { scene.remove() }
            let passes = scene.model.configuration.passes
            #expect(passes.map(\.views) == [[0, 1]])
            #expect(passes.map(\.layers) == [Set([firstLayer - 1, 1, 2]).sorted()])
            let long = [[2000], [2000]]
            let configurations = scene.encoders.map(\.configuration)
            let heads = scene.model.members.map { member in
                // What is left of a head without the encoder layers in it is small.
                Double(member.graph.multiplyAdds(Batch(lengths: [2000], segments: 1)))
            }
            let factor = try scene.model.costFactor(encoders: configurations, lengths: long)
            #expect(abs(factor - expected) < 0.1, "\(factor)")
            #expect(heads[1] > 10 * heads[0])
        }
    }

    @Test(
        "exported files give the same logits, from one set of token ids",
        arguments: [Pairing.joint, .siamese])
    func export(_ pairing: Pairing) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        for (firstLayer, isFirst) in [(1, false), (2, false), (1, true)] {
            let scene = try TunedScene(pairing, firstLayer: firstLayer, isFirst: isFirst)
            defer { scene.remove() }
            let name = "tuned-\(firstLayer)-\(isFirst)"
            let file = try ONNXCase(scene.model, on: scene.encoders).write(name, to: directory)
            let inputs = ["input_ids", "attention_mask"]
            #expect(
                file.inputs.map(\.name)
                    == (pairing == .joint ? inputs : inputs + inputs.map { "pair_\($0)" }))
            #expect(file.dangling.isEmpty && file.repeated.isEmpty && file.roundTrips)
            let tables = file.initializers.keys.filter { $0.contains("word_embeddings") }
            #expect(tables.count == 1)
            _ = try ONNXCase(headOnly: scene.model, key: RandomKey(seed: 3))
                .write("\(name)-heads", to: directory)
            let tensors = directory.appendingPathComponent("\(name).safetensors")
            try Exporters.find("safetensors").export(
                scene.model, encoders: { scene.encoders }, options: ExportOptions(), to: tensors)
            let exported = try SafetensorsFile(tensors)
            #expect(exported.metadata["format_version"] == "7")
            for start in ["member.1.replica.0.linear.head.", "encoder.layer.1."] {
                #expect(exported.names.contains { $0.hasPrefix(start) })
            }
        }
        try ONNXTests.compare(directory, tolerance: "1e-5")
    }

    // MARK: Damaged and hostile

    private func refusal(_ url: URL) -> String {
        do {
            _ = try ModelDirectory.load(url)
            return "accepted"
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput || error.kind == .missingFile)
            return error.description
        } catch {
            return "\(error)"
        }
    }

    private typealias Object = [String: Any]

    /// What loading says after a change of one entry of a list in `config.json`.
    private func refusal(
        _ list: String, _ place: Int, _ change: @escaping (inout [String: Any]) -> Void
    ) throws -> String {
        let scene = try TunedScene()
        defer { scene.remove() }
        try scene.edit { object in
            var entries = object[list] as? [Object] ?? []
            change(&entries[place])
            object[list] = entries
        }
        return refusal(scene.url)
    }

    @Test("fine-tuned layers in two views, or under several trainings, are refused")
    func several() throws {
        let scene = try TunedScene()
        defer { scene.remove() }
        let written = try Data(contentsOf: scene.configuration)
        try scene.edit { object in
            let views = object["views"] as? [Object] ?? []
            object["views"] = [views[1], views[1]]
            var members = object["members"] as? [Object] ?? []
            for place in members.indices { members[place]["layers"] = [0] }
            object["members"] = members
        }
        #expect(refusal(scene.url).contains("views[0] and views[1] have fine-tuned encoder layers"))
        try written.write(to: scene.configuration)
        try scene.edit { object in
            var members = object["members"] as? [Object] ?? []
            members.append(members[1])
            for place in [1, 3] { members[place]["weight"] = 0.25 }
            object["members"] = members
        }
        #expect(
            refusal(scene.url).contains(
                "views[1]: an ensemble cannot have fine-tuned encoder layers in common"))
        let replicas = try refusal("members", 1) { $0["replicas"] = 2 }
        #expect(replicas.contains("members[1]: replicas is 2: expected 1"), "\(replicas)")
    }

    @Test("layers that the file's tensors do not fit, or that are none, are refused")
    func layers() throws {
        func tuning(_ key: String, _ value: Any) throws -> String {
            try refusal("views", 1) { view in
                var tuning = view["fineTuning"] as? Object ?? [:]
                tuning[key] = value
                view["fineTuning"] = tuning
            }
        }
        let first = try tuning("firstLayer", 2)
        #expect(first.contains("views[1]: layers is [0]: expected [1]"), "\(first)")
        let last = try tuning("lastLayer", 3)
        #expect(last.contains("layers 1 to 3 under heads on [2]"), "\(last)")
        #expect(try tuning("headLayers", [Int]()).contains("ascending"))
        let linear = try tuning("linear", ["genotype": "nonsense", "layers": [2]] as Object)
        #expect(linear.contains("fineTuning.linear"), "\(linear)")
        let prefix = try tuning("weightPrefix", "other.")
        #expect(prefix.contains("view-2/encoder.safetensors"), "\(prefix)")
        let none = try refusal("views", 1) { $0["fineTuning"] = nil }
        #expect(none != "accepted")
        let version = try TunedScene()
        defer { version.remove() }
        try version.edit { $0["formatVersion"] = 5 }
        let old = refusal(version.url)
        #expect(
            old.contains("beside other views in format 5: expected formatVersion 7"), "\(old)")
    }

    @Test("an overlay that is missing, cut off, not finite or of another encoder is refused")
    func overlay() throws {
        let scene = try TunedScene()
        defer { scene.remove() }
        let url = scene.url.appendingPathComponent("view-2/encoder.safetensors")
        let bytes = try Data(contentsOf: url)
        try bytes.prefix(bytes.count - 8).write(to: url)
        #expect(refusal(scene.url).contains("view-2/encoder.safetensors"))
        try (bytes.dropLast(4) + Data([0, 0, 0xc0, 0x7f])).write(to: url)
        #expect(refusal(scene.url).contains("not finite"))
        let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
        let digest = scene.encoder.digest
        #expect(text.contains(digest))
        let other = String(digest.reversed())
        let place = try #require(bytes.range(of: Data(digest.utf8)))
        var changed = bytes
        changed.replaceSubrange(place, with: Data(other.utf8))
        try changed.write(to: url)
        #expect(refusal(scene.url).contains("made on another encoder"))
        try bytes.write(to: url)
        #expect(refusal(scene.url) == "accepted")
        let settings = scene.url.appendingPathComponent("view-2/encoder.json")
        try JSONFile.edit(settings) { $0["num_hidden_layers"] = 1 }
        #expect(refusal(scene.url).contains("layer"))
        try FileManager.default.removeItem(at: settings)
        #expect(refusal(scene.url).contains("view-2/encoder.json"))
        try FileManager.default.removeItem(at: url)
        #expect(refusal(scene.url).contains("view-2/encoder."))
    }
}
