import Foundation
import Graphs
import Support
import Tensors
import Tokenization

/// A pretrained encoder in a Hugging Face style directory: `config.json`, safetensors, a tokenizer.
///
/// Its layers lower into a ``Graph``, so encoding, fine-tuning and export are one code path.
/// Weights are memory-mapped; embedding tables are never copied.
public struct Encoder: Sendable {
    public let directory: URL
    public let configuration: EncoderConfiguration
    public let tokenizer: any Tokenizer
    /// Digest of what determines the hidden states: configuration, weights and tokenizer.
    public let digest: String
    /// What hidden states are computed in.
    public private(set) var precision = Precision.float32
    let family: any EncoderFamily
    let checkpoint: Checkpoint
    /// What ``graph(layers:)`` gives for the layers that were asked for when the directory was opened;
    /// graphs that need no more layers read the same numbers.
    private let prepared: Prepared?

    private struct Prepared: Sendable {
        let layers: [Int]
        let graph: Graph
        let parameters: ParameterSet

        init(
            _ layers: [Int], _ configuration: EncoderConfiguration,
            _ family: any EncoderFamily, _ checkpoint: Checkpoint
        ) throws {
            self.layers = layers
            let (graph, bindings) = try configuration.lowered(layers, family)
            self.graph = graph
            parameters = try checkpoint.parameters(graph, bindings)
        }
    }

    /// A part of a directory; parts are read concurrently.
    private enum Part: Sendable {
        case weights(Checkpoint, Prepared?)
        case tokenizer(any Tokenizer)
    }

    /// Opens a directory and checks that its weights are those of the architecture.
    ///
    /// - Parameters:
    ///   - directory: a Hugging Face style directory.
    ///   - layers: hidden states that ``graph(layers:)`` will be asked for; their weights are
    ///     prepared while the vocabulary is read, which takes longer.
    /// - Throws: ``FileError``, ``EncoderError``, ``TensorError``, or the tokenizer's error.
    public init(directory: URL, preparing layers: [Int]? = nil) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory),
            isDirectory.boolValue
        else { throw FileError.missing(path: directory.path) }
        self.directory = directory
        let configurationURL = directory.appendingPathComponent("config.json")
        configuration = try EncoderConfiguration.load(configurationURL)
        guard let family = EncoderFamilies.find(configuration.modelType) else {
            throw EncoderError.unknownFamily(
                path: configurationURL.path, modelType: configuration.modelType,
                known: EncoderFamilies.modelTypes)
        }
        self.family = family
        let configuration = self.configuration
        let parts = try Parallel.map(count: 2, threads: 2) { place, _ -> Part in
            guard place == 0 else {
                return .tokenizer(try TokenizerLoader.load(directory: directory))
            }
            let checkpoint = try Self.openWeights(directory, configuration, family)
            // A layer that does not exist is an error when its graph is asked for.
            let prepared = layers.flatMap { layers in
                try? Prepared(layers, configuration, family, checkpoint)
            }
            return .weights(checkpoint, prepared)
        }
        guard case .weights(let checkpoint, let prepared) = parts[0],
            case .tokenizer(let tokenizer) = parts[1]
        else { preconditionFailure("parts keep their order") }
        (self.checkpoint, self.prepared, self.tokenizer) = (checkpoint, prepared, tokenizer)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw EncoderError.badConfiguration(
                path: configurationURL.path,
                reason: "vocab_size is \(configuration.vocabularySize), but the tokenizer has "
                    + "\(tokenizer.vocabularySize) tokens")
        }
        digest = try EncoderDigest.compute(directory: directory, tokenizer: tokenizer.digest)
    }

    private static func openWeights(
        _ directory: URL, _ configuration: EncoderConfiguration, _ family: any EncoderFamily
    ) throws -> Checkpoint {
        let checkpoint = try Checkpoint(directory: directory)
        var builder = GraphBuilder(segments: 1)
        let lowered = family.lower(
            configuration, layers: configuration.layers, trainable: false, into: &builder)
        try checkpoint.checkUnused(lowered.bindings, isOptional: family.isOptional)
        try checkpoint.checkShapes(lowered.bindings, builder.parameters)
        return checkpoint
    }

    /// The same encoder, with hidden states computed in another precision.
    /// - Throws: `BadOption` where this machine or this program lacks it.
    public func computing(in precision: Precision) throws -> Encoder {
        try precision.checkAvailable()
        var result = self
        result.precision = precision
        return result
    }

    /// Features per token.
    public var width: Int { configuration.hiddenSize }
    /// Longest sequence in tokens, special tokens included.
    public var maximumLength: Int { family.maximumLength(configuration) }

    /// A graph from token ids to hidden states, and its weights.
    ///
    /// - Parameter layers: hidden states to return, side by side; 0 is the embeddings' output.
    /// - Throws: ``EncoderError``, ``TensorError``.
    public func graph(layers: [Int]) throws -> (graph: Graph, parameters: ParameterSet) {
        if let prepared, prepared.layers == layers { return (prepared.graph, prepared.parameters) }
        let (graph, bindings) = try configuration.lowered(layers, family)
        if let prepared, prepared.graph.parameters.starts(with: graph.parameters) {
            return (graph, prepared.parameters)
        }
        return (graph, try checkpoint.parameters(graph, bindings))
    }

    /// Tells the system that the weights are not needed for now; they are read again when needed.
    public func releasePages() { checkpoint.tensors.releasePages() }

    /// A batch of token sequences for ``graph(layers:)``.
    /// - Throws: ``EncoderError/badIdentifiers(expected:found:)`` for ids or lengths outside the
    ///   tables.
    public func batch(_ texts: [TokenizedText]) throws -> Batch {
        var batch = Batch(lengths: texts.map { max(1, $0.ids.count) }, segments: 1)
        let first = family.firstPosition(configuration)
        for text in texts {
            guard !text.ids.isEmpty, text.ids.count <= maximumLength else {
                throw EncoderError.badIdentifiers(
                    expected: "1 to \(maximumLength) tokens", found: "\(text.ids.count)")
            }
            for id in text.ids where id < 0 || Int(id) >= configuration.vocabularySize {
                throw EncoderError.badIdentifiers(
                    expected: "below \(configuration.vocabularySize)", found: "\(id)")
            }
            batch.ids += text.ids
            batch.positions += text.ids.indices.map { Int32(first + $0) }
            // RoBERTa and its relatives have one type; there, a pair's second segment has type 0.
            let types = Int32(max(1, configuration.tokenTypes) - 1)
            batch.segmentIDs += text.segmentIDs.map { min($0, types) }
        }
        return batch
    }
}

extension EncoderConfiguration {
    /// A graph from token ids to hidden states, without its numbers: what a pass computes.
    ///
    /// - Parameter layers: hidden states to return, side by side; 0 is the embeddings' output.
    /// - Throws: ``EncoderError`` for a layer that does not exist, and for a family that is unknown.
    public func graph(layers: [Int]) throws -> Graph {
        guard let family = EncoderFamilies.find(modelType) else {
            throw EncoderError.unknownFamily(
                path: "config.json", modelType: modelType, known: EncoderFamilies.modelTypes)
        }
        return try lowered(layers, family).graph
    }

    fileprivate func lowered(
        _ layers: [Int], _ family: any EncoderFamily
    ) throws -> (graph: Graph, bindings: [WeightBinding]) {
        for layer in layers where layer < 0 || layer > self.layers {
            throw EncoderError.badLayer(layer: layer, layers: self.layers)
        }
        var builder = GraphBuilder(segments: 1)
        let lowered = family.lower(
            self, layers: layers.max() ?? self.layers, trainable: false, into: &builder)
        let states = layers.map { lowered.hiddenStates[$0] }
        let output = states.count == 1 ? states[0] : builder.concatenate(states)
        return (builder.build(output: output), lowered.bindings)
    }
}
