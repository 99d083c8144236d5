import Encoders
import Graphs
import Heads
import Support
import Tensors

/// A head on unfrozen encoder layers, as one graph: cached hidden states in, logits out.
public struct FineTuneGraph: Sendable {
    public let graph: Graph
    /// The frozen hidden states that the graph reads, by input slot, ascending.
    public let inputLayers: [Int]
    /// The encoder layers in the graph.
    public let unfrozen: UnfrozenLayers

    /// - Parameters:
    ///   - space: the head's context; its layers are those that the head may read.
    ///   - count: the number of layers to unfreeze, from the highest that the head reads downwards; all
    ///     where `nil`. The embeddings stay frozen.
    ///   - dropout: rate in the encoder's layers; 0 for a graph that is only run.
    /// - Throws: ``EncoderError`` when the layers cannot be unfrozen.
    public init(
        _ genotype: Genotype, in space: SearchSpace, encoder: EncoderConfiguration, count: Int?,
        dropout: Float
    ) throws {
        let read = space.layers(of: genotype)
        let top = read[read.count - 1]
        let count = count ?? top
        guard count >= 1, count <= top else {
            throw EncoderError.badUnfrozenCount(count: count, layers: top)
        }
        try self.init(
            genotype, in: space, encoder: encoder, unfreezing: top - count + 1...top,
            dropout: dropout)
    }

    /// - Parameter layers: the encoder layers to unfreeze, from 1; the highest is one that the head
    ///   reads.
    /// - Throws: ``EncoderError`` when the layers cannot be unfrozen.
    public init(
        _ genotype: Genotype, in space: SearchSpace, encoder: EncoderConfiguration,
        unfreezing layers: ClosedRange<Int>, dropout: Float
    ) throws {
        let outer = space.context
        let read = space.layers(of: genotype)
        let context = HeadContext(
            inputWidth: outer.inputWidth, classes: outer.classes, segments: outer.segments,
            layers: read)
        let base = layers.lowerBound - 1
        inputLayers = read.filter { $0 < base } + [base]
        var builder = GraphBuilder(segments: outer.segments)
        var inputs: [Int: Value] = [:]
        for (slot, layer) in inputLayers.enumerated() {
            inputs[layer] = builder.input(slot: slot, width: outer.inputWidth)
        }
        unfrozen = try UnfrozenLayers(
            layers, of: encoder, on: inputs[base]!, dropout: dropout, into: &builder)
        let states = unfrozen.hiddenStates.merging(inputs) { first, _ in first }
        guard let missing = read.first(where: { states[$0] == nil }) else {
            let logits = SearchSpace(context: context).lower(
                genotype, on: read.map { states[$0]! }, into: &builder)
            graph = builder.build(output: logits)
            return
        }
        throw EncoderError.badLayer(layer: missing, layers: layers.upperBound)
    }

    /// The weights to start from: the encoder's own, and those of a head that was trained on the
    /// frozen encoder.
    /// - Throws: ``EncoderError``, ``TensorError``.
    public func parameters(encoder: Encoder, head: ParameterSet) throws -> ParameterSet {
        let set = ParameterSet(graph)
        try encoder.fill(unfrozen, in: set, graph)
        for parameter in head.layout.parameters {
            if let values = head.values(parameter.name) {
                set.set(parameter.name, values)
            }
        }
        return set
    }

    /// The trained weights in their order, with the rates that `configuration` gives them.
    func groups(_ configuration: FineTuneConfiguration) -> [ParameterGroup] {
        var layerOfParameter: [Int: Int] = [:]
        for (layer, places) in unfrozen.parameters {
            for place in places { layerOfParameter[place] = layer }
        }
        return ParameterLayout(graph).trainable.map { id, parameter, range in
            var rate: Float = 1
            if let layer = layerOfParameter[id.index] {
                rate = configuration.encoderLearningRate / configuration.headLearningRate
                for _ in layer..<unfrozen.layers.upperBound { rate *= configuration.layerDecay }
            }
            return ParameterGroup(
                count: range.count, rateFactor: rate, decays: parameter.shape.count > 1)
        }
    }
}
