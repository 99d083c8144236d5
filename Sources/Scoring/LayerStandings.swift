import Heads

/// How much of the labels can be read from each hidden state that heads may read, as far as it was
/// measured before any head was drawn: the cross entropy of an exactly fitted linear head,
/// standardised over all layers of all views.
public struct LayerStandings: Sendable, Hashable {
    /// What a linear head on one layer gives.
    public struct Layer: Sendable, Hashable {
        /// The view; `nil` where there is only one.
        public let view: String?
        /// The hidden state.
        public let layer: Int
        /// Held-out cross entropy, in nats.
        public let crossEntropy: Double

        public init(view: String?, layer: Int, crossEntropy: Double) {
            self.view = view
            self.layer = layer
            self.crossEntropy = crossEntropy
        }
    }

    /// Nothing was measured: all layers count alike.
    public static let unknown = LayerStandings([])

    private let values: [String?: [Int: Double]]

    public init(_ layers: [Layer]) {
        let losses = layers.map(\.crossEntropy)
        let count = Double(max(1, losses.count))
        let mean = losses.reduce(0, +) / count
        let spread =
            (losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        var values: [String?: [Int: Double]] = [:]
        for layer in layers {
            values[layer.view, default: [:]][layer.layer] =
                (layer.crossEntropy - mean) / (spread > 0 ? spread : 1)
        }
        self.values = values
    }

    /// The standing of what a head reads, lower is better: that of its layer, for a mix that of its
    /// view's best layer; 0, the mean, where nothing is known.
    func standing(of genotype: Genotype) -> Double {
        guard let known = values[genotype.view],
            let source = genotype.genes.first(where: { $0.operation == "layer" })
        else { return 0 }
        guard let layer = Int(source.settings["of"]) else { return known.values.min() ?? 0 }
        return known[layer] ?? 0
    }
}
