extension LearnedRanking {
    /// Made by `Benchmarks/heads/rank.py --write` from 480 trained heads.
    static let weights: [(name: String, weight: Double)] = [
        ("alignment", 0.291),
        ("ntk-loo", 0.248),
        ("ntk-condition", 0.412),
        ("ntk-regression", 0.141),
        ("mgm-cosine", 0.042),
        ("jacobian-covariance", 0.280),
        ("layer's linear loss", -0.310),
        ("pool-first", -0.663),
        ("pool-first after mixing", 0.258),
        ("pool-first after self-attention", 0.283),
        ("pool-mean", 0.197),
        ("pool-max", 0.093),
        ("pool-attention", 0.373),
        ("no blocks", -0.179),
        ("self-attention blocks", 0.165),
        ("convolution blocks", -0.056),
        ("gated blocks", -0.083),
        ("pair difference-product", 0.124),
        ("octaves of width", -0.035),
        ("input dropout", -0.052),
        ("classifier dropout", -0.176),
        ("linear classifier", 0.063),
        ("gelu classifier", -0.044),
    ]
}
