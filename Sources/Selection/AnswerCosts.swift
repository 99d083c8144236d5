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
    public init(_ views: [View], train: [FeatureSet]) {
        spaces = SearchSpaces(views.map(\.space))
        let lengths = train.map(Self.meanLengths)
        self.lengths = lengths
        self.views = views.enumerated().map { place, view in
            view.encoder.multiplyAdds(
                lengths: lengths[place], layer: view.space.context.layers.max() ?? 0)
        }
    }

    /// Multiply-adds of a head's replicas.
    func head(_ genotype: Genotype, replicas: Int) -> Double {
        let lengths = lengths[spaces.index(of: genotype)]
        let batch = Batch(lengths: lengths, segments: lengths.count)
        return Double(spaces.graph(of: genotype).multiplyAdds(batch)) * Double(replicas)
    }

    /// What a model's answer costs, as a multiple of the cheapest pass of an encoder that it uses: every
    /// view is paid for once, every head for itself.
    public func factor(of model: SelectedModel) -> Double {
        let used = Set(model.members.map { spaces.index(of: $0.entry.genotype) }).map { views[$0] }
        guard let cheapest = used.min(), cheapest > 0 else { return 1 }
        let heads = model.members.reduce(0) {
            $0 + head($1.entry.genotype, replicas: $1.entry.replicas.count)
        }
        return (used.reduce(0, +) + heads) / cheapest
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

    /// Mean tokens of each segment.
    private static func meanLengths(_ features: FeatureSet) -> [Int] {
        (0..<features.segments).map { segment in
            let total = (0..<features.count).reduce(0) {
                $0 + features.length($1, segment: segment)
            }
            return max(1, total / max(1, features.count))
        }
    }
}
