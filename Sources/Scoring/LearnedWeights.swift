extension LearnedRanking {
    /// Made by `Benchmarks/heads/rank.py --write` from 640 trained heads.
    static let weights: [(name: String, weight: Double)] = [
        ("alignment", 0.306),
        ("ntk-loo", 0.287),
        ("ntk-condition", 0.468),
        ("ntk-regression", 0.172),
        ("jacobian-covariance", 0.343),
        ("layer's linear loss", -0.318),
        ("pool-first", -0.875),
        ("pool-first after mixing", 0.486),
        ("pool-first after self-attention", 0.591),
        ("pool-mean", 0.293),
        ("pool-max", 0.103),
        ("pool-attention", 0.479),
        ("no blocks", -0.156),
        ("self-attention blocks", 0.133),
        ("convolution blocks", -0.071),
        ("gated blocks", -0.081),
        ("pair difference-product", 0.204),
        ("octaves of width", -0.029),
        ("input dropout", -0.128),
        ("classifier dropout", -0.304),
        ("linear classifier", 0.134),
        ("gelu classifier", -0.069),
    ]
}
