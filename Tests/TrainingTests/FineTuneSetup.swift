import Encoders
import Features
import Foundation
import Graphs
import Heads
import Support
import Tensors
import TestSupport
import Training

/// A tiny encoder, a head on it, and made-up hidden states.
struct FineTuneSetup {
    let encoder: Encoder
    let space: SearchSpace
    let genotype: Genotype
    let train: FeatureSet
    let dev: FeatureSet

    init(segments: Int = 1) throws {
        let directory = try TinyEncoder.temporaryDirectory()
        // Weights are mapped: they outlive the name.
        defer { try? FileManager.default.removeItem(at: directory) }
        try TinyEncoder.write(to: directory)
        encoder = try Encoder(directory: directory)
        space = SearchSpace(
            context: HeadContext(
                inputWidth: TinyEncoder.width, classes: 2, segments: segments, layers: [1, 2]))
        genotype = try space.genotype(
            segments == 2
                ? "projection(width=full) > pool-mean > pair(kind=all) > classifier(hidden=32,dropout=0)"
                : "layer(of=mix) > projection(width=full) > pool-mean > classifier(hidden=32,dropout=0)"
        )
        train = try SyntheticFeatures.make(
            examples: 60, width: TinyEncoder.width, segments: segments, seed: 1)
        dev = try SyntheticFeatures.make(
            examples: 40, width: TinyEncoder.width, segments: segments, seed: 2)
    }

    func graph(count: Int? = nil, dropout: Float = 0.1) throws -> FineTuneGraph {
        try FineTuneGraph(
            FineTuneGraph.Head(genotype, in: space), encoder: encoder.configuration, count: count,
            dropout: dropout)
    }

    /// A head with random weights.
    func head(_ other: Genotype? = nil) -> ParameterSet {
        let graph = space.graph(of: other ?? genotype)
        let parameters = ParameterSet(graph)
        parameters.initialize(key: RandomKey(seed: 11))
        return parameters
    }

    static var configuration: FineTuneConfiguration {
        var configuration = FineTuneConfiguration()
        configuration.epochs = 3
        configuration.batchSize = 16
        configuration.encoderLearningRate = 1e-3
        configuration.headLearningRate = 5e-3
        configuration.microBatchTokens = 12
        return configuration
    }

    func tune(
        threads: Int = 2, precision: Precision = .float32, dropout: Float = 0.1,
        checkpoint: FineTuneCheckpoint? = nil,
        start: ParameterSet? = nil, startCompetes: Bool = true, stopAt: Int = .max,
        train: FeatureSet? = nil, views: Int = 1,
        _ change: (inout FineTuneConfiguration) -> Void = { _ in }
    ) throws -> TrainedHead {
        var configuration = Self.configuration
        configuration.dropout = dropout
        change(&configuration)
        let graph = try graph(dropout: dropout)
        return try FineTuner(configuration, precision: precision, threads: threads).train(
            graph, start: start ?? graph.parameters(encoder: encoder, head: head()),
            train: train ?? self.train, views: views, dev: dev, classes: 2, key: RandomKey(seed: 4),
            startCompetes: startCompetes, checkpoint: checkpoint
        ) { progress in
            if progress.step == stopAt { throw Interrupted() }
        }
    }
}
