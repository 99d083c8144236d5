import Graphs

/// BERT (Devlin et al. 2019): post-norm transformer layers over word, position and type embeddings.
struct BERTFamily: EncoderFamily {
    let modelTypes = ["bert"]

    func firstPosition(_ configuration: EncoderConfiguration) -> Int { 0 }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int { configuration.positions }

    func isOptional(_ weight: String) -> Bool {
        weight.hasPrefix("pooler.") || weight.hasPrefix("cls.") || weight.hasPrefix("lm_head.")
            || weight.hasPrefix("classifier.") || weight == "embeddings.position_ids"
            || weight == "embeddings.token_type_ids"
    }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        var lowering = BERTLowering(configuration: configuration, trainable: trainable)
        var states = [lowering.embeddings(&graph)]
        for layer in 0..<layers {
            states.append(lowering.layer(layer, states[layer], &graph))
        }
        return LoweredEncoder(hiddenStates: states, bindings: lowering.bindings)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        var lowering = BERTLowering(
            configuration: configuration, trainable: true, dropout: dropout)
        let output = lowering.layer(layer - 1, x, &graph)
        return LoweredLayer(output: output, bindings: lowering.bindings)
    }
}

/// RoBERTa and its kin (Liu et al. 2019; Conneau et al. 2020): BERT's layers, positions counted from
/// behind the padding id.
struct RoBERTaFamily: EncoderFamily {
    let modelTypes = ["roberta", "xlm-roberta", "camembert"]
    private let base = BERTFamily()

    func firstPosition(_ configuration: EncoderConfiguration) -> Int {
        configuration.paddingID + 1
    }

    func maximumLength(_ configuration: EncoderConfiguration) -> Int {
        max(0, configuration.positions - configuration.paddingID - 1)
    }

    func isOptional(_ weight: String) -> Bool { base.isOptional(weight) }

    func lower(
        _ configuration: EncoderConfiguration, layers: Int, trainable: Bool,
        into graph: inout GraphBuilder
    ) -> LoweredEncoder {
        base.lower(configuration, layers: layers, trainable: trainable, into: &graph)
    }

    func lower(
        layer: Int, on x: Value, _ configuration: EncoderConfiguration, dropout: Float,
        into graph: inout GraphBuilder
    ) -> LoweredLayer? {
        base.lower(layer: layer, on: x, configuration, dropout: dropout, into: &graph)
    }
}

/// Builds BERT's layers in reading order, remembering where each parameter comes from.
private struct BERTLowering {
    let configuration: EncoderConfiguration
    let trainable: Bool
    let dropout: Float
    var bindings: [WeightBinding] = []

    init(configuration: EncoderConfiguration, trainable: Bool, dropout: Float = 0) {
        self.configuration = configuration
        self.trainable = trainable
        self.dropout = dropout
    }

    /// `norm(word + position + type)`.
    mutating func embeddings(_ graph: inout GraphBuilder) -> Value {
        let width = configuration.hiddenSize
        let word = table("embeddings.word_embeddings", configuration.vocabularySize, &graph)
        let position = table("embeddings.position_embeddings", configuration.positions, &graph)
        var sum = graph.binary(
            .add, graph.embedding(table: word, by: .id),
            graph.embedding(table: position, by: .position))
        if configuration.tokenTypes > 0 {
            let type = table("embeddings.token_type_embeddings", configuration.tokenTypes, &graph)
            sum = graph.binary(.add, sum, graph.embedding(table: type, by: .segment))
        }
        return norm(sum, "embeddings.LayerNorm", width, &graph)
    }

    /// One transformer layer: attention and feed-forward, each with residual and norm behind it.
    mutating func layer(_ index: Int, _ x: Value, _ graph: inout GraphBuilder) -> Value {
        let name = "encoder.layer.\(index)"
        let width = configuration.hiddenSize
        let packed = linear(
            x, ["query", "key", "value"].map { "\(name).attention.self.\($0)" },
            "\(name).attention.self.qkv", 3 * width, &graph)
        let mixed = graph.attention(packed, heads: configuration.heads)
        let attended = graph.dropout(
            linear(mixed, "\(name).attention.output.dense", width, &graph), rate: dropout)
        let middle = norm(
            graph.binary(.add, attended, x), "\(name).attention.output.LayerNorm", width, &graph)
        let hidden = linear(
            middle, "\(name).intermediate.dense", configuration.intermediateSize, &graph)
        let active = graph.activation(hidden, configuration.graphActivation ?? .gelu)
        let output = graph.dropout(
            linear(active, "\(name).output.dense", width, &graph), rate: dropout)
        return norm(
            graph.binary(.add, output, middle), "\(name).output.LayerNorm", width, &graph)
    }

    // MARK: Parameters

    /// Embedding tables stay in the file and are never trained.
    private mutating func table(
        _ name: String, _ rows: Int, _ graph: inout GraphBuilder
    ) -> ParameterID {
        let id = graph.parameter(
            "\(name).weight", [rows, configuration.hiddenSize], .given, trainable: false)
        bindings.append(
            WeightBinding(parameter: id, sources: ["\(name).weight"], isTable: true))
        return id
    }

    private mutating func linear(
        _ x: Value, _ name: String, _ width: Int, _ graph: inout GraphBuilder
    ) -> Value {
        linear(x, [name], name, width, &graph)
    }

    /// A linear layer whose checkpoint may keep it in several parts, one above the other.
    private mutating func linear(
        _ x: Value, _ sources: [String], _ name: String, _ width: Int,
        _ graph: inout GraphBuilder
    ) -> Value {
        let weight = given("\(name).weight", [width, x.width], sources, ".weight", &graph)
        let bias = given("\(name).bias", [width], sources, ".bias", &graph)
        return graph.linear(x, weight: weight, bias: bias)
    }

    private mutating func norm(
        _ x: Value, _ name: String, _ width: Int, _ graph: inout GraphBuilder
    ) -> Value {
        let gain = given("\(name).weight", [width], [name], ".weight", &graph)
        let bias = given("\(name).bias", [width], [name], ".bias", &graph)
        return graph.layerNorm(x, gain: gain, bias: bias, epsilon: configuration.epsilon)
    }

    private mutating func given(
        _ name: String, _ shape: [Int], _ sources: [String], _ suffix: String,
        _ graph: inout GraphBuilder
    ) -> ParameterID {
        let id = graph.parameter(name, shape, .given, trainable: trainable)
        bindings.append(
            WeightBinding(parameter: id, sources: sources.map { $0 + suffix }, isTable: false))
        return id
    }
}
