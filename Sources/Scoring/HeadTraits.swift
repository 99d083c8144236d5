import Foundation
import Heads

/// What a head's text says about how well it will train, in numbers; `Benchmarks/heads/features.py`
/// computes the same.
enum HeadTraits {
    /// Blocks that let a token see others.
    private static let mixing: Set<String> = [
        "self-attention", "cross-attention", "convolution",
    ]

    /// Numbers by name.
    static func values(_ genotype: Genotype) -> [String: Double] {
        let genes = genotype.genes
        let pooling = genes.first { $0.operation.hasPrefix("pool-") }?.operation ?? ""
        let blocks = genes.dropFirst(2).prefix { $0.operation != pooling }.map(\.operation)
        func setting(_ operation: String, _ name: String) -> String? {
            genes.first { $0.operation == operation }?.settings[name]
        }
        func share(_ holds: Bool) -> Double { holds ? 1 : 0 }
        func number(of name: String) -> Double { Double(blocks.count { $0 == name }) }
        let first = pooling == "pool-first"
        let hidden = setting("classifier", "hidden") ?? "0"
        // A projection to the full width, or none, counts as the widest.
        let width = setting("projection", "width").flatMap(Double.init) ?? 384
        return [
            "pool-first": share(first),
            "pool-first after mixing": share(first && !mixing.isDisjoint(with: blocks)),
            "pool-first after self-attention": share(first && blocks.contains("self-attention")),
            "pool-mean": share(pooling == "pool-mean"),
            "pool-max": share(pooling == "pool-max"),
            "pool-attention": share(pooling == "pool-attention"),
            "no blocks": share(blocks.isEmpty),
            "self-attention blocks": number(of: "self-attention"),
            "convolution blocks": number(of: "convolution"),
            "gated blocks": number(of: "gated-feed-forward"),
            "pair difference-product": share(setting("pair", "kind") == "difference-product"),
            "octaves of width": log2(width / 128),
            "input dropout": setting("layer", "dropout").flatMap(Double.init) ?? 0,
            "classifier dropout": setting("classifier", "dropout").flatMap(Double.init) ?? 0,
            "linear classifier": share(hidden == "0"),
            "gelu classifier": share(
                hidden != "0" && setting("classifier", "activation") == "gelu"),
        ]
    }
}
