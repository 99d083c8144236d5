import Encoders
import Export
import Foundation
import Graphs
import Heads
import Support
import Tasks
import TestSupport
import Testing

@Suite("Model directories that are damaged or hostile")
struct HostileModelTests {
    /// A sound model of a linear head, whose directory is removed with `remove`.
    private struct Bench {
        let directory: URL
        var model: URL { directory.appendingPathComponent("model") }
        var configuration: URL { model.appendingPathComponent("config.json") }

        init() throws {
            directory = try TinyEncoder.temporaryDirectory()
            let encoderDirectory = directory.appendingPathComponent("encoder")
            try TinyEncoder.write(to: encoderDirectory)
            let encoder = try Encoder(directory: encoderDirectory)
            let space = SearchSpace(
                context: HeadContext(
                    inputWidth: TinyEncoder.width, classes: 2, segments: 1, layers: [2]))
            let genotype = try space.genotype("projection(width=full) > pool-mean > classifier")
            let graph = space.graph(of: genotype)
            let parameters = ParameterSet(graph)
            parameters.initialize(key: RandomKey(seed: 1))
            try ModelDirectory.save(
                Model(
                    configuration: ModelConfiguration(
                        task: "toy", encoder: .init(name: "tiny", digest: encoder.digest),
                        layers: [2], pairing: .siamese, hasPairs: false, maximumLength: 12,
                        genotype: genotype.description,
                        labels: ["no", "yes"].map { TaskLabel(value: $0) }, positiveLabel: nil,
                        width: TinyEncoder.width),
                    graph: graph, parameters: parameters),
                encoder: encoder, card: "", to: directory.appendingPathComponent("model"))
        }

        func remove() { try? FileManager.default.removeItem(at: directory) }

        /// Writes other values for some keys of `config.json`.
        func set(_ values: [String: Any]) throws {
            var object =
                try JSONSerialization.jsonObject(with: Data(contentsOf: configuration))
                as? [String: Any] ?? [:]
            object.merge(values) { _, new in new }
            try JSONSerialization.data(withJSONObject: object).write(to: configuration)
        }
    }

    private func refusal(_ values: [String: Any]) throws -> String {
        let bench = try Bench()
        defer { bench.remove() }
        #expect(throws: Never.self) { try ModelDirectory.load(bench.model) }
        try bench.set(values)
        do {
            _ = try ModelDirectory.load(bench.model)
            return "accepted"
        } catch let error as any DiagnosedError {
            #expect(error.kind == .badInput)
            return error.description
        }
    }

    @Test("a configuration that asks for more weights than its files hold takes no memory for them")
    func size() throws {
        // 17 thousand million weights, had they been believed in.
        let block = "feed-forward > "
        let wide = "projection(width=full) > \(block)\(block)pool-mean > classifier"
        let labels = (0..<20_000).map { ["value": "\($0)", "name": "\($0)"] }
        let changes: [[String: Any]] = [
            ["width": 65_536, "genotype": wide], ["labels": labels],
        ]
        for change in changes {
            let refusal = try refusal(change)
            #expect(refusal.contains("its files hold"), "\(refusal)")
        }
    }
}
