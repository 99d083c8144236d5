/// The keys of a `config.json` that only some families have; missing keys have the defaults of
/// Hugging Face's library.
public struct EncoderDetails: Sendable, Hashable, Decodable {
    /// Features of the embeddings, where a linear layer widens them to the hidden size (ALBERT,
    /// ELECTRA, DeBERTa); `nil` if they are as wide already.
    public var embeddingSize: Int?
    /// ALBERT: how many sets of weights the layers share.
    public var groups = 1
    /// ALBERT: how many layers a group has, one after another.
    public var innerGroups = 1
    /// MPNet: rows of the table of distances.
    public var distanceBuckets = 32
    /// DeBERTa: whether attention knows the distance between two tokens.
    public var hasRelativeAttention = false
    /// DeBERTa: the largest distance that is distinguished; below 1, the number of positions.
    public var maximumDistance = -1
    /// DeBERTa: log-sized buckets on each side; below 1, every distance has its own.
    public var positionBuckets = -1
    /// DeBERTa: `c2p`, `p2c`, both or none.
    public var positionTerms: [String] = []
    /// DeBERTa: whether distances go through the projections of tokens.
    public var sharesProjections = false
    /// DeBERTa: how the table of distances is normalised, `none` or `layer_norm`.
    public var distanceNorm = "none"
    /// DeBERTa: whether absolute positions are added to the embeddings.
    public var addsPositions = true
    /// DeBERTa-v2: kernel size of a convolution after the first layer; 0 for none.
    public var convolutionKernel = 0

    public init() {}

    private enum CodingKeys: String, CodingKey {
        case embeddingSize = "embedding_size"
        case groups = "num_hidden_groups"
        case innerGroups = "inner_group_num"
        case distanceBuckets = "relative_attention_num_buckets"
        case hasRelativeAttention = "relative_attention"
        case maximumDistance = "max_relative_positions"
        case positionBuckets = "position_buckets"
        case positionTerms = "pos_att_type"
        case sharesProjections = "share_att_key"
        case distanceNorm = "norm_rel_ebd"
        case addsPositions = "position_biased_input"
        case convolutionKernel = "conv_kernel_size"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<T: Decodable>(_ key: CodingKeys, into target: inout T) throws {
            if let value = try values.decodeIfPresent(T.self, forKey: key) { target = value }
        }
        embeddingSize = try values.decodeIfPresent(Int.self, forKey: .embeddingSize)
        try read(.groups, into: &groups)
        try read(.innerGroups, into: &innerGroups)
        try read(.distanceBuckets, into: &distanceBuckets)
        try read(.hasRelativeAttention, into: &hasRelativeAttention)
        try read(.maximumDistance, into: &maximumDistance)
        try read(.positionBuckets, into: &positionBuckets)
        try read(.sharesProjections, into: &sharesProjections)
        try read(.distanceNorm, into: &distanceNorm)
        try read(.addsPositions, into: &addsPositions)
        try read(.convolutionKernel, into: &convolutionKernel)
        // A list, or one text "c2p|p2c".
        if let text = try? values.decode(String.self, forKey: .positionTerms) {
            positionTerms = text.lowercased().split(separator: "|").map {
                String($0.filter { $0 != " " })
            }
        } else {
            try read(.positionTerms, into: &positionTerms)
        }
    }

    /// Names, values and ranges, for the check of a configuration.
    var bounds: [(String, Int, ClosedRange<Int>)] {
        [
            ("embedding_size", embeddingSize ?? 1, 1...65_536),
            ("num_hidden_groups", groups, 1...1_000), ("inner_group_num", innerGroups, 1...1_000),
            ("relative_attention_num_buckets", distanceBuckets, 1...65_536),
            ("max_relative_positions", maximumDistance, -1...1_000_000),
            ("position_buckets", positionBuckets, -1...1_000_000),
            ("conv_kernel_size", convolutionKernel, 0...1_024),
        ]
    }
}

/// The defaults of a `config.json`, by architecture.
struct EncoderDefaults {
    var tokenTypes = 2
    var epsilon: Float = 1e-12
    var activation = "gelu"
    var paddingID = 0

    init(_ modelType: String) {
        switch modelType {
        case "albert": activation = "gelu_new"
        case "deberta-v2": (tokenTypes, epsilon) = (0, 1e-7)
        case "mpnet": (tokenTypes, paddingID) = (0, 1)
        default: break
        }
    }
}
