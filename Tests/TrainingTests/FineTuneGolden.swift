import Encoders
import Features
import Foundation
import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Training

extension FineTuneSetup {
    /// Hidden states for a graph's inputs; made up, as the encoder's own are no better for a test.
    func tunedFeatures(_ model: FineTuneGraph) throws -> FeatureSet {
        precondition(model.inputLayers.count == 1)
        return train
    }
}

extension FineTuneGraph {
    /// The encoder's trained weights, by the checkpoint's names.
    func weights(_ parameters: ParameterSet) throws -> [String: [Float]] {
        var weights: [String: [Float]] = [:]
        for entry in unfrozen.tensors(of: parameters, graph, prefix: "") {
            var bytes = Data()
            try entry.produce { bytes.append(contentsOf: $0) }
            weights[entry.name] = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        }
        return weights
    }
}

/// What PyTorch made of a small BERT and a head; `Tests/Scripts/finetune_golden.py` wrote it.
struct FineTuneGolden {
    let file: SafetensorsFile

    init() throws { file = try SafetensorsFile(ReferenceHead.url("finetune")) }

    private var encoder: EncoderConfiguration {
        get throws {
            let json = """
                {"model_type": "bert", "hidden_size": 16, "num_hidden_layers": 2,
                "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 30,
                "max_position_embeddings": 16, "layer_norm_eps": 1e-5}
                """
            return try JSONDecoder().decode(EncoderConfiguration.self, from: Data(json.utf8))
        }
    }

    private func features() throws -> FeatureSet {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-golden-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        return try FeatureSet(
            storing: try file.floats("features"),
            lengths: try file.int32s("lengths").map(Int.init), width: 16, segments: 1,
            labels: try file.int32s("labels"), at: url)
    }

    private var configuration: FineTuneConfiguration {
        var configuration = FineTuneConfiguration()
        configuration.epochs = 11
        configuration.headLearningRate = 2e-2
        configuration.encoderLearningRate = 1e-2
        configuration.layerDecay = 0.5
        configuration.weightDecay = 0.1
        configuration.warmUp = 0.3
        configuration.clipNorm = 0.5
        configuration.dropout = 0
        return configuration
    }

    /// One batch is an epoch, so that the checkpoint that an eleventh step would replace holds the
    /// weights after ten.
    func weightsAfterTenSteps() throws -> (weights: [String: [Float]], losses: [Double]) {
        let space = SearchSpace(
            context: HeadContext(inputWidth: 16, classes: 3, segments: 1, layers: [2]))
        let genotype = try space.genotype(
            "layer(norm=none) > projection(width=full) > pool-mean > "
                + "classifier(norm=none,hidden=32,activation=tanh,dropout=0)")
        let model = try FineTuneGraph(
            FineTuneGraph.Head(genotype, in: space), encoder: encoder, count: nil, dropout: 0)
        let start = ParameterSet(model.graph)
        try model.unfrozen.read(
            file, prefix: "before.", allowsOthers: true, into: start, model.graph)
        let names = headNames(model.graph)
        for (name, full) in names {
            start.set(full, try file.floats("before.head.\(name)"))
        }
        let directory = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let checkpoint = FineTuneCheckpoint(inRun: directory, name: "golden", use: .replace)
        let features = try features()
        var losses: [Double] = []
        do {
            _ = try FineTuner(configuration, threads: 2).train(
                model, start: start, train: features, dev: features, classes: 3,
                key: RandomKey(seed: 1), checkpoint: checkpoint
            ) { progress in
                losses = progress.history.map(\.trainingLoss)
                if progress.step == 11 { throw Interrupted() }
            }
        } catch is Interrupted {}
        let saved = ParameterSet(model.graph)
        saved.storage.assign(
            from: FloatStorage(try SafetensorsFile(checkpoint.url).floats("weights")))
        var weights = try model.weights(saved)
        for (name, full) in names { weights["head.\(name)"] = saved.values(full) }
        return (weights, losses)
    }

    /// PyTorch's names of the head's parameters and the graph's.
    private func headNames(_ graph: Graph) -> [String: String] {
        var names: [String: String] = [:]
        for layer in ["hidden", "linear"] {
            for kind in ["weight", "bias"] {
                names["\(layer).\(kind)"] =
                    graph.parameters.first {
                        $0.name.hasPrefix("head.") && $0.name.hasSuffix(".\(layer).\(kind)")
                    }?.name
            }
        }
        return names
    }
}
