import Foundation
import Graphs
import Support

/// The parts of a Hugging Face `config.json` that decide an encoder's architecture.
public struct EncoderConfiguration: Sendable, Hashable, Decodable {
    public let modelType: String
    public let hiddenSize: Int
    public let layers: Int
    public let heads: Int
    public let intermediateSize: Int
    public let vocabularySize: Int
    /// Rows of the position table.
    public let positions: Int
    public let tokenTypes: Int
    public let epsilon: Float
    public let activation: String
    public let paddingID: Int
    /// Settings that only some families have.
    public let details: EncoderDetails

    private enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case hiddenSize = "hidden_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case intermediateSize = "intermediate_size"
        case vocabularySize = "vocab_size"
        case positions = "max_position_embeddings"
        case tokenTypes = "type_vocab_size"
        case epsilon = "layer_norm_eps"
        case activation = "hidden_act"
        case paddingID = "pad_token_id"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        modelType = try values.decode(String.self, forKey: .modelType)
        hiddenSize = try values.decode(Int.self, forKey: .hiddenSize)
        layers = try values.decode(Int.self, forKey: .layers)
        heads = try values.decode(Int.self, forKey: .heads)
        intermediateSize = try values.decode(Int.self, forKey: .intermediateSize)
        vocabularySize = try values.decode(Int.self, forKey: .vocabularySize)
        positions = try values.decode(Int.self, forKey: .positions)
        let standard = EncoderDefaults(modelType)
        tokenTypes =
            try values.decodeIfPresent(Int.self, forKey: .tokenTypes) ?? standard.tokenTypes
        epsilon = try values.decodeIfPresent(Float.self, forKey: .epsilon) ?? standard.epsilon
        activation =
            try values.decodeIfPresent(String.self, forKey: .activation) ?? standard.activation
        paddingID =
            try values.decodeIfPresent(Int.self, forKey: .paddingID) ?? standard.paddingID
        details = try EncoderDetails(from: decoder)
    }

    /// Reads and checks a `config.json`.
    /// - Throws: ``FileError``, ``EncoderError/badConfiguration(path:reason:)``.
    public static func load(_ url: URL) throws -> EncoderConfiguration {
        let file = try MappedFile(url)
        guard file.count <= 1 << 20 else {
            throw EncoderError.badConfiguration(path: url.path, reason: "larger than 1 MiB")
        }
        let configuration: EncoderConfiguration
        do {
            configuration = try JSONDecoder().decodeChecked(
                EncoderConfiguration.self, from: Data(file.bytes))
        } catch let error as DecodingError {
            throw EncoderError.badConfiguration(path: url.path, reason: error.reason)
        }
        let family = EncoderFamilies.find(configuration.modelType)
        if let reason = configuration.objection ?? family?.objection(configuration) {
            throw EncoderError.badConfiguration(path: url.path, reason: reason)
        }
        return configuration
    }

    /// Sizes that no encoder has are refused before anything is computed from them.
    private var objection: String? {
        let bounds: [(String, Int, ClosedRange<Int>)] = [
            ("hidden_size", hiddenSize, 1...65_536), ("num_hidden_layers", layers, 1...1_000),
            ("num_attention_heads", heads, 1...1_024),
            ("intermediate_size", intermediateSize, 1...1_048_576),
            ("vocab_size", vocabularySize, 1...10_000_000),
            ("max_position_embeddings", positions, 1...10_000_000),
            ("type_vocab_size", tokenTypes, 0...1_000), ("pad_token_id", paddingID, 0...10_000_000),
        ]
        for (name, value, range) in bounds + details.bounds where !range.contains(value) {
            return "\(name) is \(value): expected \(range.lowerBound) to \(range.upperBound)"
        }
        if hiddenSize % heads != 0 {
            return "num_attention_heads (\(heads)) does not divide hidden_size (\(hiddenSize))"
        }
        if !epsilon.isFinite || epsilon < 0 { return "layer_norm_eps is \(epsilon)" }
        if graphActivation == nil { return "hidden_act '\(activation)' is not supported" }
        return nil
    }

    /// The activation as a graph's function.
    var graphActivation: Activation? {
        switch activation {
        case "gelu": .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": .geluTanh
        case "relu": .relu
        case "silu", "swish": .silu
        case "tanh": .tanh
        default: nil
        }
    }
}
