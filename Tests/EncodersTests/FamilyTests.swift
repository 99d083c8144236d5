import Encoders
import Foundation
import Graphs
import Support
import Tensors
import Testing
import Tokenization

@Suite("Encoder families against PyTorch, on small random weights")
struct FamilyTests {
    private func difference(_ found: UnsafePointer<Float>, _ expected: [Float]) -> Float {
        expected.indices.map { abs(found[$0] - expected[$0]) }.max() ?? .infinity
    }

    @Test(
        "every layer's hidden states of a ragged batch equal PyTorch's of a padded one within 1e-4",
        arguments: FamilyFixture.names)
    func hiddenStates(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let batch = try encoder.batch(fixture.texts)
        var worst: Float = 0
        for layer in 0...encoder.configuration.layers {
            let (graph, parameters) = try encoder.graph(layers: [layer])
            let executor = Executor(graph)
            let output = executor.forward(batch, parameters: parameters)
            let expected = try fixture.states(layer: layer, width: encoder.width)
            #expect(expected.count == batch.tokenCount * encoder.width)
            let error = difference(output, expected)
            #expect(error < 1e-4, "layer \(layer)")
            worst = max(worst, error)
        }
        print("\(name): largest difference of hidden states \(worst)")
    }

    @Test(
        "a batch gives what the sequences give alone, within 1e-5", arguments: FamilyFixture.names)
    func batchInvariance(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let layers = Array(0...encoder.configuration.layers)
        let (graph, parameters) = try encoder.graph(layers: layers)
        let executor = Executor(graph)
        let batch = try encoder.batch(fixture.texts)
        let width = encoder.width * layers.count
        let together = Array(
            UnsafeBufferPointer(
                start: executor.forward(batch, parameters: parameters),
                count: batch.tokenCount * width))
        var start = 0
        for text in fixture.texts {
            let alone = executor.forward(try encoder.batch([text]), parameters: parameters)
            let count = text.ids.count * width
            #expect(difference(alone, Array(together[start..<start + count])) < 1e-5)
            start += count
        }
    }

    @Test(
        "a graph of fewer layers reads the numbers that were prepared for more",
        arguments: FamilyFixture.names)
    func sharedNumbers(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let top = encoder.configuration.layers
        let prepared = try Encoder(directory: encoder.directory, preparing: [top])
        let (_, all) = try prepared.graph(layers: [top])
        let (graph, parameters) = try prepared.graph(layers: [0, 1])
        #expect(parameters === all)
        let (own, separate) = try encoder.graph(layers: [0, 1])
        #expect(separate !== all && own == graph)
        let batch = try encoder.batch(fixture.texts)
        let count = batch.tokenCount * graph.output.width
        let (first, second) = (Executor(graph), Executor(own))
        let found = first.forward(batch, parameters: parameters)
        let expected = second.forward(batch, parameters: separate)
        #expect((0..<count).allSatisfy { found[$0] == expected[$0] })
        withExtendedLifetime((first, second)) {}
    }

    /// All layers of an encoder as a graph, with the pretrained weights.
    private func unfreeze(
        _ encoder: Encoder, adapter: LowRankAdapter.Shape? = nil
    ) throws -> (UnfrozenLayers, Graph, ParameterSet) {
        let layers = encoder.configuration.layers
        var builder = GraphBuilder(segments: 1)
        let x = builder.input(slot: 0, width: encoder.width)
        let unfrozen = try UnfrozenLayers(
            1...layers, of: encoder.configuration, on: x, dropout: 0, adapter: adapter,
            into: &builder)
        let graph = builder.build(output: try #require(unfrozen.hiddenStates[layers]))
        let parameters = ParameterSet(graph)
        parameters.initialize(key: RandomKey(seed: 3))
        try encoder.fill(unfrozen, in: parameters, graph)
        return (unfrozen, graph, parameters)
    }

    @Test(
        "gradients of every layer's weights equal PyTorch's, shared ones too",
        arguments: FamilyFixture.trained)
    func gradients(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let width = encoder.width
        let layers = encoder.configuration.layers
        let (unfrozen, graph, parameters) = try unfreeze(encoder)
        let input = FloatStorage(try fixture.states(layer: 0, width: width))
        var batch = Batch(lengths: fixture.texts.map(\.ids.count), segments: 1)
        batch.inputs = [UnsafePointer(input.pointer)]
        let executor = Executor(graph)
        let output = executor.forward(batch, parameters: parameters, mode: .differentiation)
        #expect(difference(output, try fixture.states(layer: layers, width: width)) < 1e-4)
        let sink = BatchGradient(parameters.layout)
        executor.backward(try fixture.direction(width: width), into: sink)
        // In the place of the weights, so that they get the checkpoint's names.
        let gradients = parameters.copy()
        gradients.storage.pointer.update(
            from: sink.storage.pointer, count: sink.storage.count)
        var seen: Set<String> = []
        var worst: Float = 0
        for entry in unfrozen.tensors(of: gradients, graph, prefix: "") {
            let key = "gradient.\(entry.name)"
            guard fixture.expected.contains(key) else { continue }
            seen.insert(key)
            var bytes = Data()
            try entry.produce { bytes.append(contentsOf: $0) }
            let found = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            let expected = try fixture.expected.floats(key)
            let scale = expected.map(abs).max() ?? 0
            let error = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(found.count == expected.count && error < 1e-3 + 1e-4 * scale, "\(key)")
            worst = max(worst, error / max(1, scale))
        }
        #expect(seen == Set(fixture.expected.names.filter { $0.hasPrefix("gradient.") }))
        print("\(name): largest relative difference of gradients \(worst)")
    }

    @Test(
        "adapters on every linear layer, merged, say what they said beside the weights",
        arguments: FamilyFixture.trained)
    func adapters(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let (_, plainGraph, plain) = try unfreeze(encoder)
        let (unfrozen, graph, parameters) = try unfreeze(
            encoder, adapter: LowRankAdapter.Shape(rank: 2))
        #expect(unfrozen.hasAdapters)
        let input = FloatStorage(try fixture.states(layer: 0, width: encoder.width))
        var batch = Batch(lengths: fixture.texts.map(\.ids.count), segments: 1)
        batch.inputs = [UnsafePointer(input.pointer)]
        let count = batch.tokenCount * encoder.width
        func output(_ graph: Graph, _ parameters: ParameterSet) -> [Float] {
            let executor = Executor(graph)
            return withExtendedLifetime(executor) {
                Array(
                    UnsafeBufferPointer(
                        start: executor.forward(batch, parameters: parameters), count: count))
            }
        }
        let before = output(plainGraph, plain)
        #expect(output(graph, parameters) == before)
        // As if they had been trained.
        var generator = RandomKey(seed: 8).generator()
        for (_, parameter, range) in parameters.layout.trainable {
            #expect(parameter.name.contains("lora"))
            for place in range {
                parameters.storage.pointer[place] = Float(generator.index(below: 200) - 100) / 1000
            }
        }
        let beside = output(graph, parameters)
        unfrozen.merge(parameters, into: plain)
        let after = output(plainGraph, plain)
        #expect(difference(after, beside) < 1e-4 && difference(after, before) > 1e-3)
    }

    @Test(
        "unfrozen layers are written and read again, alone and as a whole encoder",
        arguments: FamilyFixture.names)
    func written(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        let encoder = try fixture.open()
        let layers = encoder.configuration.layers
        let (unfrozen, graph, parameters) = try unfreeze(encoder)
        // As if they had been trained.
        for index in 0..<parameters.layout.trainableCount {
            parameters.storage.pointer[index] *= 0.9
        }
        let input = FloatStorage(try fixture.states(layer: 0, width: encoder.width))
        var batch = Batch(lengths: fixture.texts.map(\.ids.count), segments: 1)
        batch.inputs = [UnsafePointer(input.pointer)]
        let count = batch.tokenCount * encoder.width
        let executor = Executor(graph)
        let expected = Array(
            UnsafeBufferPointer(
                start: executor.forward(batch, parameters: parameters), count: count))
        let entries = unfrozen.tensors(of: parameters, graph, prefix: encoder.weightPrefix)
        try fixture.withCopy { directory in
            let url = directory.appendingPathComponent("layers.bin")
            try SafetensorsWriter.write(entries, to: url)
            let again = ParameterSet(graph)
            try unfrozen.read(
                SafetensorsFile(url), prefix: encoder.weightPrefix, into: again, graph)
            #expect(difference(executor.forward(batch, parameters: again), expected) == 0)

            let whole = directory.appendingPathComponent("whole")
            try encoder.write(replacing: entries, to: whole)
            let copy = try Encoder(directory: whole)
            let (own, weights) = try copy.graph(layers: [layers])
            let other = Executor(own)
            let output = other.forward(try copy.batch(fixture.texts), parameters: weights)
            #expect(difference(output, expected) < 1e-5)
        }
    }

    @Test("distances fall into the rows that the reference implementations take, on -600...600")
    func distanceRows() throws {
        struct Table: Decodable {
            let buckets: Int
            let farthest: Int
            let rows: [Int]
        }
        let tables = try JSONDecoder().decode(
            [Table].self,
            from: Data(contentsOf: InstalledEncoder.fixture("families/distances.json")))
        #expect(tables.count == 8)
        for table in tables {
            let buckets =
                table.buckets == 0
                ? DistanceBuckets.halves(buckets: 32, farthest: table.farthest)
                : .logarithmic(buckets: table.buckets, farthest: table.farthest)
            #expect((-600...600).map { buckets.row($0) } == table.rows, "\(buckets)")
            #expect(buckets.row(buckets.reach) == buckets.row(.max))
            #expect(buckets.row(-buckets.reach) == buckets.row(-Int.max))
        }
        let clipped = DistanceBuckets.clipped(span: 3)
        #expect((-5...5).map { clipped.row($0) } == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5])
        #expect(clipped.reach == 3)
    }

    @Test("settings that cannot be computed are errors that name them")
    func settings() throws {
        for (name, old, new, expected) in [
            ("albert", "\"num_hidden_groups\": 1", "\"num_hidden_groups\": 4", "num_hidden_groups"),
            ("albert", "\"embedding_size\": 16", "\"embedding_size\": 0", "embedding_size"),
            ("mpnet", "buckets\": 32", "buckets\": 64", "relative_attention_num_buckets"),
            ("mpnet", "{", "{\"type_vocab_size\": 2,", "type_vocab_size"),
            ("deberta-v3", "{", "{\"conv_kernel_size\": 3,", "conv_kernel_size"),
            ("deberta-v3", "\"c2p\"", "\"p2p\"", "pos_att_type"),
            ("deberta-v3", "layer_norm\"", "batch_norm\"", "norm_rel_ebd"),
            ("deberta-v3", "buckets\": 8", "buckets\": 2", "position_buckets"),
            ("deberta-v3", "buckets\": 8", "buckets\": 80", "position_buckets"),
            ("deberta-v3", "attention\": true", "attention\": false", "pos_att_type"),
        ] {
            try expectRefused(try FamilyFixture(name), expected) { directory in
                let url = directory.appendingPathComponent("config.json")
                let text = try String(contentsOf: url, encoding: .utf8)
                let range = try #require(text.range(of: old), "\(name): \(old)")
                try text.replacingCharacters(in: range, with: new)
                    .write(to: url, atomically: true, encoding: .utf8)
            }
        }
    }

    @Test("layers that share weights with layers below them cannot be the lowest unfrozen")
    func sharedLayers() throws {
        let cases: [(String, [ClosedRange<Int>], [ClosedRange<Int>])] = [
            ("albert", [1...3, 1...2], [2...3, 3...3]),
            ("albert-groups", [1...4, 3...4, 3...3], [2...4, 4...4]),
            ("deberta-v3", [1...3, 2...3], []),
        ]
        for (name, allowed, refused) in cases {
            let encoder = try FamilyFixture(name).open()
            func unfreeze(_ layers: ClosedRange<Int>) throws -> UnfrozenLayers {
                var builder = GraphBuilder(segments: 1)
                let x = builder.input(slot: 0, width: encoder.width)
                return try UnfrozenLayers(
                    layers, of: encoder.configuration, on: x, dropout: 0, into: &builder)
            }
            for layers in allowed {
                #expect(try unfreeze(layers).hiddenStates.count == layers.count + 1)
            }
            for layers in refused {
                let error = #expect(throws: EncoderError.self) { try unfreeze(layers) }
                #expect(error?.kind == .usage)
            }
        }
    }

    // MARK: Errors

    private func expectRefused(
        _ fixture: FamilyFixture, _ text: String, at location: SourceLocation = #_sourceLocation,
        _ damage: (URL) throws -> Void
    ) throws {
        try fixture.withCopy { directory in
            try damage(directory)
            do {
                let encoder = try Encoder(directory: directory)
                _ = try encoder.graph(layers: [encoder.configuration.layers])
                Issue.record("accepted", sourceLocation: location)
            } catch {
                #expect(
                    text.isEmpty || "\(error)".contains(text), "\(error)",
                    sourceLocation: location)
                #expect((error as? any DiagnosedError)?.kind == .badInput, sourceLocation: location)
            }
        }
    }

    @Test(
        "a checkpoint without a weight, with a foreign one, or with one of another shape is refused",
        arguments: FamilyFixture.names)
    func damagedWeights(_ name: String) throws {
        let fixture = try FamilyFixture(name)
        // Of one whole layer, so that every kind of weight is among them.
        let weights = try SafetensorsFile(
            fixture.directory.appendingPathComponent("model.safetensors"))
        let needed = weights.names.filter {
            $0.contains("layer.0.") || $0.contains("groups.0.") || $0.contains("embeddings.")
                || $0.contains("encoder.")
        }.filter { !$0.contains("layer.1.") && !$0.contains("groups.1.") }
        #expect(needed.count > 16)
        typealias Tensor = FamilyFixture.Tensor
        for (place, weight) in needed.enumerated() {
            // Without the words' table the checkpoint's prefix is not known either.
            let text = weight.hasSuffix("word_embeddings.weight") ? "" : "missing"
            try expectRefused(fixture, text) { directory in
                try FamilyFixture.rewrite(directory) { $0.name == weight ? [] : [$0] }
            }
            guard place % 3 == 0 else { continue }
            try expectRefused(fixture, "shape") { directory in
                try FamilyFixture.rewrite(directory) { tensor in
                    guard tensor.name == weight else { return [tensor] }
                    let row = [Float](
                        repeating: 0, count: tensor.values.count / tensor.shape[0])
                    let shape = [tensor.shape[0] + 1] + tensor.shape.dropFirst()
                    return [Tensor(name: weight, shape: shape, values: tensor.values + row)]
                }
            }
        }
        try expectRefused(fixture, "do not belong") { directory in
            try FamilyFixture.rewrite(directory) { tensor in
                guard tensor.name == needed[0] else { return [tensor] }
                var foreign = tensor
                foreign.name = "encoder.extra.weight"
                return [tensor, foreign]
            }
        }
    }
}
