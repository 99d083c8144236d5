import Encoders
import Graphs
import Heads
import Support
import Tensors

/// A head on unfrozen encoder layers, as one graph: cached hidden states in, logits out.
///
/// Beside a linear head, the logits are those of the linear head plus a gate, one number for each class,
/// times those of the other head. The gates begin at zero (ReZero, Bachlechner et al. 2020), so that training
/// begins at the linear head, whatever the other one is: a head that pools by maximum, or that attends at
/// random, sends the encoder nothing at first but what it is worth, and never makes a worse start.
public struct FineTuneGraph: Sendable {
    /// A head, and what it is built for.
    public struct Head: Sendable, Hashable {
        /// The head.
        public let genotype: Genotype
        /// Its context: the layers are those that the head reads, and no others.
        public let context: HeadContext

        /// - Parameter space: its layers are those that the head may read.
        public init(_ genotype: Genotype, in space: SearchSpace) {
            self.genotype = genotype
            context = space.context.reading(layers: space.layers(of: genotype))
        }
    }

    public let graph: Graph
    /// The frozen hidden states that the graph reads, by input slot, ascending.
    public let inputLayers: [Int]
    /// The encoder layers in the graph.
    public let unfrozen: UnfrozenLayers
    /// The head.
    public let head: Head
    /// The linear head that training begins at, where the other one is gated.
    public let linear: Head?
    private let gate: ParameterID?

    /// The parameter that holds the gates.
    public static let gateName = "gate.scale"
    /// What the parameters of the linear head begin with.
    private static let linearScope = "linear"

    /// - Parameters:
    ///   - linear: a linear head to begin at; `nil` where `head` is by itself.
    ///   - count: the number of layers to unfreeze, from the highest that is read downwards; all
    ///     where `nil`. The embeddings stay frozen.
    ///   - dropout: rate in the encoder's layers; 0 for a graph that is only run.
    ///   - adapter: trains adapters of this shape beside the encoder's weights instead of these.
    /// - Throws: ``EncoderError`` when the layers cannot be unfrozen.
    public init(
        _ head: Head, beside linear: Head? = nil, encoder: EncoderConfiguration, count: Int?,
        dropout: Float, adapter: LowRankAdapter.Shape? = nil
    ) throws {
        let top = Self.read(head, linear).last ?? 0
        let count = count ?? top
        guard count >= 1, count <= top else {
            throw EncoderError.badUnfrozenCount(count: count, layers: top)
        }
        try self.init(
            head, beside: linear, encoder: encoder, unfreezing: top - count + 1...top,
            dropout: dropout, adapter: adapter)
    }

    /// - Parameter layers: the encoder layers to unfreeze, from 1; the highest is one that is read.
    /// - Throws: ``EncoderError`` when the layers cannot be unfrozen.
    public init(
        _ head: Head, beside linear: Head? = nil, encoder: EncoderConfiguration,
        unfreezing layers: ClosedRange<Int>, dropout: Float, adapter: LowRankAdapter.Shape? = nil
    ) throws {
        let context = head.context
        let base = layers.lowerBound - 1
        inputLayers = Self.read(head, linear).filter { $0 < base } + [base]
        var builder = GraphBuilder(segments: context.segments)
        var inputs: [Int: Value] = [:]
        for (slot, layer) in inputLayers.enumerated() {
            inputs[layer] = builder.input(slot: slot, width: context.inputWidth)
        }
        unfrozen = try UnfrozenLayers(
            layers, of: encoder, on: inputs[base]!, dropout: dropout, adapter: adapter,
            into: &builder)
        let states = unfrozen.hiddenStates.merging(inputs) { first, _ in first }
        func logits(_ head: Head, _ builder: inout GraphBuilder) throws -> Value {
            let values = try head.context.layers.map { layer in
                guard let value = states[layer] else {
                    throw EncoderError.badLayer(layer: layer, layers: layers.upperBound)
                }
                return value
            }
            return SearchSpace(context: head.context).lower(
                head.genotype, on: values, into: &builder)
        }
        var output = try logits(head, &builder)
        if let linear {
            let scale = builder.parameter(Self.gateName, [output.width], .zeros)
            let shift = builder.frozen("gate.shift", [output.width], .zeros)
            let start = try builder.scope(Self.linearScope) { try logits(linear, &$0) }
            output = builder.binary(
                .add, start, builder.affine(output, scale: scale, shift: shift))
            gate = scale
        } else {
            gate = nil
        }
        graph = builder.build(output: output)
        self.head = head
        self.linear = linear
    }

    /// The hidden states that heads read, ascending.
    private static func read(_ head: Head, _ linear: Head?) -> [Int] {
        Set(head.context.layers + (linear?.context.layers ?? [])).sorted()
    }

    /// The weights to start from: the encoder's own, and those of heads that were trained on the
    /// frozen encoder.
    /// - Parameters:
    ///   - linear: those of the linear head; read only where there is one.
    ///   - key: decides what adapters begin at; read only where there are some.
    /// - Throws: ``EncoderError``, ``TensorError``.
    public func parameters(
        encoder: Encoder, head: ParameterSet, linear: ParameterSet? = nil, key: RandomKey? = nil
    ) throws -> ParameterSet {
        let set = ParameterSet(graph)
        if let key, unfrozen.hasAdapters { set.initialize(key: key) }
        try encoder.fill(unfrozen, in: set, graph)
        set.assign(from: head)
        if self.linear != nil, let linear {
            set.assign(from: linear, under: Self.linearScope + ".")
        }
        return set
    }

    /// The same model without adapters: what they have learned is added to the weights beside them.
    /// - Parameters:
    ///   - tuned: the trained numbers of this graph.
    ///   - plain: the same heads on the same layers, without adapters.
    public func merged(_ tuned: ParameterSet, into plain: FineTuneGraph) -> ParameterSet {
        let set = ParameterSet(plain.graph)
        for parameter in set.layout.parameters {
            if let values = tuned.values(parameter.name) { set.set(parameter.name, values) }
        }
        unfrozen.merge(tuned, into: set)
        return set
    }

    /// How much faster than a head's weights its gates learn: they have as many steps to come from zero to the
    /// order of one as other weights have to move by a tenth.
    private static let gateRate: Float = 20

    /// The trained weights in their order, with the rates that `configuration` gives them.
    func groups(_ configuration: FineTuneConfiguration) -> [ParameterGroup] {
        var layerOfParameter: [Int: Int] = [:]
        for (layer, places) in unfrozen.parameters {
            for place in places { layerOfParameter[place] = layer }
        }
        return ParameterLayout(graph).trainable.map { id, parameter, range in
            var rate: Float = id == gate ? Self.gateRate : 1
            if let layer = layerOfParameter[id.index] {
                rate = configuration.encoderLearningRate / configuration.headLearningRate
                for _ in layer..<unfrozen.layers.upperBound { rate *= configuration.layerDecay }
            }
            return ParameterGroup(
                count: range.count, rateFactor: rate, decays: parameter.shape.count > 1)
        }
    }
}
