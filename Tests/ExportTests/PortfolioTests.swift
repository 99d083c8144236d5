import Encoders
import Export
import Features
import Foundation
import Heads
import Support
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("Portfolios in model directories")
struct PortfolioTests {
    @Test(
        "views on two encoders, mixed layers, replicas and the temperature come back, bit for bit")
    func roundTrip() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        let loaded = try ModelDirectory.load(scene.url)
        #expect(loaded.configuration == scene.model.configuration)
        #expect(loaded.configuration.formatVersion == 5)
        #expect(loaded.configuration.temperature == 1.25)
        #expect(loaded.members.map(\.replicas.count) == [3, 1, 3, 1])
        #expect(loaded.members.map(\.graph) == scene.model.members.map(\.graph))
        let (found, saved) = (loaded.members, scene.model.members)
        #expect(
            found.map { $0.replicas.map(\.storage.array) }
                == saved.map { $0.replicas.map(\.storage.array) })
        #expect(Set(found.flatMap { $0.replicas.map(\.storage.array) }).count == 8)
        let encoders = try ModelDirectory.openEncoders(of: loaded.configuration, at: scene.url)
        #expect(encoders.map(\.digest) == scene.encoders.map(\.digest))
        #expect(encoders.map(\.width) == [TinyEncoder.width, 24])
    }

    @Test("an exported file has the names and the metadata of all heads, lists as JSON")
    func export() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        let export = scene.directory.appendingPathComponent("export.safetensors")
        try Exporters.find("safetensors").export(
            scene.model, encoders: { scene.encoders }, options: ExportOptions(), to: export)
        let file = try SafetensorsFile(export)
        #expect(Set(file.names) == Set(try SafetensorsFile(scene.weights).names))
        #expect(file.names.contains { $0.hasPrefix("member.2.replica.2.head.") })
        #expect(file.names.allSatisfy { $0.hasPrefix("member.") })
        #expect(file.metadata["format_version"] == "5" && file.metadata["temperature"] == "1.25")
        func list<Value: Decodable>(_ key: String) throws -> [Value] {
            try JSONDecoder().decode([Value].self, from: Data((file.metadata[key] ?? "").utf8))
        }
        let configuration = scene.model.configuration
        #expect(try list("labels") == configuration.labels.map(\.name))
        #expect(try list("views") == configuration.views)
        #expect(try list("members") == configuration.members)
    }

    @Test("a label may hold line feeds, quotes and commas, also in an export")
    func labels() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        var configuration = scene.model.configuration
        let names = ["a\nb", "\"c\", \\d", "[\"e\"]"]
        configuration.labels = names.map { TaskLabel(value: $0) }
        let export = scene.directory.appendingPathComponent("export.safetensors")
        try Exporters.find("safetensors").export(
            Model(configuration: configuration, members: scene.model.members),
            encoders: { scene.encoders }, options: ExportOptions(), to: export)
        let text = try SafetensorsFile(export).metadata["labels"] ?? ""
        #expect(try JSONDecoder().decode([String].self, from: Data(text.utf8)) == names)
    }

    @Test("each distinct encoder's tokenizer is there once, that of a later one in view-N")
    func tokenizers() throws {
        let scene = try PortfolioScene([.siamese, .joint, .siamese])
        defer { scene.remove() }
        let manager = FileManager.default
        func files(_ path: String) throws -> [String] {
            try manager.contentsOfDirectory(
                atPath: scene.url.appendingPathComponent(path).path
            ).sorted()
        }
        #expect(
            try files("") == [
                "README.md", "config.json", "head.safetensors", "sentencepiece.bpe.model",
                "tokenizer_config.json", "view-3",
            ])
        #expect(try files("view-3") == ["tokenizer_config.json", "vocab.txt"])
        let encoders = try ModelDirectory.openEncoders(
            of: scene.model.configuration, at: scene.url)
        #expect(encoders.map(\.digest) == scene.encoders.map(\.digest))
        // One encoder cannot stand for two.
        let error = #expect(throws: ModelError.self) {
            try ModelDirectory.openEncoders(
                of: scene.model.configuration, at: scene.url,
                directory: scene.encoders[0].directory)
        }
        #expect(error?.kind == .usage && error?.description.contains("electra") == true)
    }

    @Test("a model that holds its encoders needs no others")
    func standalone() throws {
        let scene = try PortfolioScene([.siamese, .joint, .siamese], includesEncoder: true)
        defer { scene.remove() }
        for encoder in scene.encoders {
            try? FileManager.default.removeItem(at: encoder.directory)
        }
        let configuration = try ModelDirectory.load(scene.url).configuration
        #expect(configuration.views.allSatisfy { $0.encoder.isIncluded == true })
        let encoders = try ModelDirectory.openEncoders(of: configuration, at: scene.url)
        #expect(encoders.map(\.width) == scene.encoders.map(\.width))
        #expect(
            encoders.map { $0.directory.pathComponents.suffix(2).joined(separator: "/") }
                == ["model/encoder", "model/encoder", "view-3/encoder"])
    }

    @Test("a single head keeps the plain names of its tensors, whatever its temperature")
    func single() throws {
        let scene = try PortfolioScene()
        defer { scene.remove() }
        var configuration = scene.model.configuration
        configuration.views = [configuration.views[0]]
        configuration.members = [configuration.members[1]]
        configuration.members[0].weight = 1
        let url = scene.directory.appendingPathComponent("single")
        try ModelDirectory.save(
            Model(configuration: configuration, members: [scene.model.members[1]]),
            encoders: [scene.encoders[0]], card: "", to: url)
        let names = try SafetensorsFile(url.appendingPathComponent("head.safetensors")).names
        #expect(names.allSatisfy { $0.hasPrefix("head.") })
        #expect(try ModelDirectory.load(url).configuration == configuration)
    }
}
