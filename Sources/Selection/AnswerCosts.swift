import Features
import Graphs
import Heads

/// What answering and training cost, in multiply-adds for examples of mean length.
public struct AnswerCosts: Sendable {
    /// Of each view's encoder pass.
    public let views: [Double]
    private let spaces: SearchSpaces
    /// Mean tokens of each segment, for each view.
    private let lengths: [[Int]]

    /// - Parameters:
    ///   - views: what each reads, and the encoder that it runs.
    ///   - train: the training split's features in every view, for the mean lengths.
    /// - Throws: `EncoderError` for an encoder that does not have the layers.
    public init(_ views: [View], train: [FeatureSet]) throws {
        spaces = SearchSpaces(views.map(\.space))
        let lengths = train.map(\.meanLengths)
        self.lengths = lengths
        self.views = try views.enumerated().map { place, view in
            Double(
                try view.encoder.configuration.graph(layers: [view.layers.max() ?? 0])
                    .multiplyAdds(Batch(lengths: lengths[place], segments: 1)))
        }
    }

    /// Multiply-adds of a head's replicas.
    func head(_ genotype: Genotype, replicas: Int) -> Double {
        let lengths = lengths[spaces.index(of: genotype)]
        let batch = Batch(lengths: lengths, segments: lengths.count)
        return Double(spaces.graph(of: genotype).multiplyAdds(batch)) * Double(replicas)
    }

    /// What a model's answer costs, as a multiple of the cheapest pass of an encoder that it uses.
    public func factor(of model: SelectedModel) -> Double {
        Self.factor(
            views: Set(model.members.map { spaces.index(of: $0.entry.genotype) }).map { views[$0] },
            heads: model.members.reduce(0) {
                $0 + head($1.entry.genotype, replicas: $1.entry.replicas.count)
            })
    }

    /// The same from multiply-adds: every view is paid for once, every head for itself.
    /// - Parameter views: of the encoder pass of each view that is used.
    static func factor(views: [Double], heads: Double) -> Double {
        guard let cheapest = views.min(), cheapest > 0 else { return 1 }
        return (views.reduce(0, +) + heads) / cheapest
    }

    /// Multiply-adds of training a head, forward and twice as much backward.
    /// - Parameter rows: examples that it is trained on, each as often as it is seen.
    func trainings(_ genotype: Genotype, rows: Int) -> Double {
        3 * head(genotype, replicas: 1) * Double(rows)
    }

    /// Multiply-adds of scoring heads: a forward pass and a backward pass for each output, for every
    /// example and initialisation. What the Gram matrix takes comes on top.
    /// - Parameter outputs: classes, or random directions of them.
    public func scoring(
        _ genotypes: [Genotype], examples: Int, initializations: Int, outputs: Int
    ) -> Double {
        genotypes.reduce(0) { $0 + head($1, replicas: 1) }
            * Double(examples * initializations * (1 + 2 * outputs))
    }
}
