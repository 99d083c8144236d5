import Graphs

/// Builds an encoder's layers in reading order, recording where each parameter comes from: what the
/// families have in common.
struct EncoderLowering {
    let configuration: EncoderConfiguration
    /// Whether the layers are to be trained, by their weights or by adapters.
    let trainable: Bool
    let dropout: Float
    /// What is trained instead of the layers' own weights; `nil` where those are.
    let adapter: LowRankAdapter.Shape?
    private(set) var bindings: [WeightBinding] = []
    private(set) var adapters: [LowRankAdapter] = []

    init(
        configuration: EncoderConfiguration, trainable: Bool, dropout: Float = 0,
        adapter: LowRankAdapter.Shape? = nil
    ) {
        self.configuration = configuration
        self.trainable = trainable
        self.dropout = dropout
        self.adapter = adapter
    }

    /// Beside adapters everything stays as it was pretrained.
    private var trainsWeights: Bool { trainable && adapter == nil }

    /// `norm(word + position + type)`, `[tokens, width]`; without types if there is no table of
    /// them.
    mutating func embeddings(width: Int, _ graph: inout GraphBuilder) -> Value {
        norm(embeddingSum(width: width, positions: true, &graph), "embeddings.LayerNorm", &graph)
    }

    /// The sum of the embedding tables, `[tokens, width]`.
    mutating func embeddingSum(
        width: Int, positions: Bool, _ graph: inout GraphBuilder
    ) -> Value {
        let rows = configuration.vocabularySize
        let word = table("embeddings.word_embeddings", [rows, width], &graph)
        var sum = graph.embedding(table: word, by: .id)
        if positions {
            let position = table(
                "embeddings.position_embeddings", [configuration.positions, width], &graph)
            sum = graph.binary(.add, sum, graph.embedding(table: position, by: .position))
        }
        if configuration.tokenTypes > 0 {
            let type = table(
                "embeddings.token_type_embeddings", [configuration.tokenTypes, width], &graph)
            sum = graph.binary(.add, sum, graph.embedding(table: type, by: .segment))
        }
        return sum
    }

    /// The checkpoint's names for what follows a layer's attention.
    struct LayerNames {
        let attentionOutput: String
        let attentionNorm: String
        let intermediate: String
        let output: String
        let outputNorm: String

        /// BERT's, under the layer's own name.
        static func bert(_ name: String) -> LayerNames {
            LayerNames(
                attentionOutput: "\(name).attention.output.dense",
                attentionNorm: "\(name).attention.output.LayerNorm",
                intermediate: "\(name).intermediate.dense", output: "\(name).output.dense",
                outputNorm: "\(name).output.LayerNorm")
        }
    }

    /// What follows attention in a post-norm layer: projection and feed-forward, each followed by a
    /// residual connection and a norm.
    ///
    /// - Parameters:
    ///   - mixed: the heads' outputs side by side, `[tokens, width]`.
    ///   - x: the layer's input, `[tokens, width]`.
    mutating func postNormLayer(
        _ mixed: Value, on x: Value, _ names: LayerNames, _ graph: inout GraphBuilder
    ) -> Value {
        let width = configuration.hiddenSize
        let attended = graph.dropout(
            linear(mixed, names.attentionOutput, width, &graph), rate: dropout)
        let middle = norm(graph.binary(.add, attended, x), names.attentionNorm, &graph)
        let hidden = linear(
            middle, names.intermediate, configuration.intermediateSize, &graph)
        let active = graph.activation(hidden, configuration.graphActivation ?? .gelu)
        let output = graph.dropout(linear(active, names.output, width, &graph), rate: dropout)
        return norm(graph.binary(.add, output, middle), names.outputNorm, &graph)
    }

    // MARK: Parameters

    /// A table that stays in the file and is never trained.
    mutating func table(
        _ name: String, _ shape: [Int], _ graph: inout GraphBuilder
    ) -> ParameterID {
        parameter("\(name).weight", shape, trainable: false, &graph) {
            WeightBinding(parameter: $0, sources: ["\(name).weight"], isTable: true)
        }
    }

    /// The rows of a table of distances, `[distances, width]`; never trained, as all layers share it.
    mutating func distances(
        _ name: String, width: Int, by buckets: DistanceBuckets, _ graph: inout GraphBuilder
    ) -> Value {
        // What is fine-tuned is not mapped: a copy of a small table costs little.
        let isTable = !trainable
        let table = parameter(
            "\(name).weight", [buckets.count, width], trainable: false, &graph
        ) { WeightBinding(parameter: $0, sources: ["\(name).weight"], isTable: isTable) }
        return graph.embedding(table: table, by: .distance(buckets))
    }

    mutating func linear(
        _ x: Value, _ name: String, _ width: Int, bias: Bool = true, _ graph: inout GraphBuilder
    ) -> Value {
        linear(x, [name], name, width, bias: bias, &graph)
    }

    /// A linear layer that the checkpoint may store in several parts, stacked by rows.
    mutating func linear(
        _ x: Value, _ sources: [String], _ name: String, _ width: Int, bias: Bool = true,
        _ graph: inout GraphBuilder
    ) -> Value {
        let weight = given("\(name).weight", [width, x.width], sources, ".weight", &graph)
        let shift = bias ? given("\(name).bias", [width], sources, ".bias", &graph) : nil
        let output = graph.linear(x, weight: weight, bias: shift)
        guard let adapter else { return output }
        let added = LowRankAdapter(adapter, beside: weight, name, into: &graph)
        adapters.append(added)
        return graph.binary(.add, output, added.lower(x, into: &graph))
    }

    /// - Parameter isShared: whether it belongs to no layer and so is never trained.
    mutating func norm(
        _ x: Value, _ name: String, isShared: Bool = false, _ graph: inout GraphBuilder
    ) -> Value {
        let trainable = trainsWeights && !isShared
        func bind(_ suffix: String) -> (ParameterID) -> WeightBinding {
            { WeightBinding(parameter: $0, sources: [name + suffix], isTable: false) }
        }
        let gain = parameter(
            "\(name).weight", [x.width], trainable: trainable, &graph, bind(".weight"))
        let bias = parameter(
            "\(name).bias", [x.width], trainable: trainable, &graph, bind(".bias"))
        return graph.layerNorm(x, gain: gain, bias: bias, epsilon: configuration.epsilon)
    }

    private mutating func given(
        _ name: String, _ shape: [Int], _ sources: [String], _ suffix: String,
        _ graph: inout GraphBuilder
    ) -> ParameterID {
        parameter(name, shape, trainable: trainsWeights, &graph) {
            WeightBinding(parameter: $0, sources: sources.map { $0 + suffix }, isTable: false)
        }
    }

    /// A weight that is already in the graph is reused: layers may share it.
    private mutating func parameter(
        _ name: String, _ shape: [Int], trainable: Bool, _ graph: inout GraphBuilder,
        _ binding: (ParameterID) -> WeightBinding
    ) -> ParameterID {
        if let known = graph.parameter(named: name) { return known }
        let id = graph.parameter(name, shape, .given, trainable: trainable)
        bindings.append(binding(id))
        return id
    }
}
