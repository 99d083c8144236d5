import Graphs
import Tensors

/// Layers of an encoder in a graph, to be trained together with what is built on them.
///
/// Layers are counted from 1; 0 is the embeddings' output. The hidden state below the lowest of
/// them is an input of the graph, so the frozen part runs once for all epochs.
public struct UnfrozenLayers: Sendable {
    /// The layers that are in the graph.
    public let layers: ClosedRange<Int>
    /// Hidden states `[tokens, width]` by layer, the given one among them.
    public let hiddenStates: [Int: Value]
    /// For each layer, the indices of its parameters in ``Graph/parameters``; those that several
    /// layers share are listed with the highest of them.
    public let parameters: [Int: Range<Int>]
    let bindings: [WeightBinding]
    /// What is trained beside the layers' weights, if not those.
    let adapters: [LowRankAdapter]

    /// The indices of all their parameters in ``Graph/parameters``.
    public var parameterIndices: Set<Int> { Set(parameters.values.joined()) }

    /// Adds layers to a graph.
    ///
    /// - Parameters:
    ///   - x: the hidden state below the lowest layer.
    ///   - dropout: rate after attention and feed-forward; 0 for a graph that is only run.
    ///   - adapter: trains adapters of this shape beside the layers' linear layers, and nothing else.
    /// - Throws: ``EncoderError`` for a family that is unknown, and for layers
    ///   that the encoder does not have.
    public init(
        _ layers: ClosedRange<Int>, of configuration: EncoderConfiguration, on x: Value,
        dropout: Float, adapter: LowRankAdapter.Shape? = nil, into graph: inout GraphBuilder
    ) throws {
        guard layers.lowerBound >= 1, layers.upperBound <= configuration.layers else {
            throw EncoderError.badLayer(
                layer: layers.lowerBound < 1 ? layers.lowerBound : layers.upperBound,
                layers: configuration.layers)
        }
        guard let family = EncoderFamilies.find(configuration.modelType) else {
            throw EncoderError.unknownFamily(
                path: "config.json", modelType: configuration.modelType,
                known: EncoderFamilies.modelTypes)
        }
        let shared = family.sharingLayers(layers.lowerBound, configuration)
        guard shared.lowerBound == layers.lowerBound else {
            throw EncoderError.sharedLayers(
                modelType: configuration.modelType, layer: layers.lowerBound, shared: shared)
        }
        var states = [layers.lowerBound - 1: x]
        var parameters: [Int: Range<Int>] = [:]
        var bindings: [WeightBinding] = []
        var adapters: [LowRankAdapter] = []
        var value = x
        for layer in layers {
            let first = graph.parameters.count
            let lowered = family.lower(
                layer: layer, on: value, configuration, dropout: dropout, adapter: adapter,
                into: &graph)
            value = lowered.output
            states[layer] = value
            if first < graph.parameters.count {
                let highest = family.sharingLayers(layer, configuration).upperBound
                parameters[min(highest, layers.upperBound)] = first..<graph.parameters.count
            }
            bindings += lowered.bindings
            adapters += lowered.adapters
        }
        self.layers = layers
        hiddenStates = states
        self.parameters = parameters
        self.bindings = bindings
        // Layers that share weights share adapters.
        var seen: Set<ParameterID> = []
        self.adapters = adapters.filter { seen.insert($0.weight).inserted }
    }

    /// Whether adapters are trained instead of the layers' weights.
    public var hasAdapters: Bool { !adapters.isEmpty }

    /// Adds what adapters have learned to the weights beside them.
    /// - Parameters:
    ///   - tuned: the numbers of the graph of these layers.
    ///   - plain: those of a graph with the same layers and no adapters; its weights become the sums.
    public func merge(_ tuned: ParameterSet, into plain: ParameterSet) {
        for adapter in adapters { adapter.merge(tuned, into: plain) }
    }

    /// The layers' tensors under the checkpoint's names, `prefix` before each, in float32.
    /// - Parameter set: the numbers of `graph`, which the layers are part of.
    public func tensors(
        of set: ParameterSet, _ graph: Graph, prefix: String
    ) -> [SafetensorsEntry] {
        bindings.flatMap { binding in
            let parameter = graph.parameters[binding.parameter.index]
            let part = parameter.count / binding.sources.count
            var shape = parameter.shape
            shape[0] /= binding.sources.count
            return binding.sources.enumerated().map { place, source in
                SafetensorsEntry(name: prefix + source, dtype: .float32, shape: shape) { sink in
                    // Little-endian, as are all machines that this program runs on.
                    let first = set.pointer(binding.parameter) + place * part
                    try sink(
                        UnsafeRawBufferPointer(UnsafeBufferPointer(start: first, count: part)))
                }
            }
        }
    }

    /// Sets the layers' parameters from a file that holds ``tensors(of:_:prefix:)``.
    /// - Parameter allowsOthers: whether the file may hold other tensors too, e.g. the whole encoder.
    /// - Throws: ``EncoderError/missingWeight(path:name:)``, ``EncoderError/unusedWeights(path:names:)``,
    ///   ``TensorError``.
    public func read(
        _ file: SafetensorsFile, prefix: String, allowsOthers: Bool = false,
        into set: ParameterSet, _ graph: Graph
    ) throws {
        let checkpoint = Checkpoint(file: file, prefix: prefix)
        try checkpoint.checkUnused(bindings, isOptional: { _ in allowsOthers })
        try checkpoint.fill(set, graph, bindings)
    }
}

extension Encoder {
    /// The prefix of this encoder's weight names, e.g. `bert.`.
    public var weightPrefix: String { checkpoint.prefix }

    /// Sets the parameters of unfrozen layers to the pretrained weights.
    /// - Throws: ``EncoderError``, ``TensorError``.
    public func fill(_ layers: UnfrozenLayers, in set: ParameterSet, _ graph: Graph) throws {
        try checkpoint.fill(set, graph, layers.bindings)
    }
}
