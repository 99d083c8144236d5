import Features
import Graphs
import Heads

/// What answering and training cost, in multiply-adds for examples of mean length.
public struct AnswerCosts: Sendable {
    /// Of each view's encoder pass.
    public let views: [Double]
    /// For each view those of passes that end at the hidden states from 0 up to the highest that is read.
    private let passes: [[Double]]
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
        passes = try views.enumerated().map { place, view in
            try (0...(view.layers.max() ?? 0)).map { layer in
                Double(
                    try view.encoder.configuration.graph(layers: [layer])
                        .multiplyAdds(Batch(lengths: lengths[place], segments: 1)))
            }
        }
        self.views = passes.map { $0.last ?? 0 }
    }

    /// Multiply-adds of a head's replicas.
    func head(_ genotype: Genotype, replicas: Int) -> Double {
        Double(spaces.graph(of: genotype).multiplyAdds(batch(genotype))) * Double(replicas)
    }

    private func batch(_ genotype: Genotype) -> Batch {
        let lengths = lengths[spaces.index(of: genotype)]
        return Batch(lengths: lengths, segments: lengths.count)
    }

    /// What a model's answer costs, as a multiple of the cheapest pass of an encoder that it uses.
    ///
    /// Encoder layers that were trained with a head are in its graph. What lies below them is run for the frozen
    /// encoder's heads anyway, where there are some.
    public func factor(of model: SelectedModel) -> Double {
        factor(of: model.members.map(\.entry))
    }

    /// What heads cost that answer together.
    func factor(of entries: [Entry]) -> Double {
        let frozen = entries.filter { $0.reading.trainedLayers == nil }
        let used = Set(frozen.map { spaces.index(of: $0.genotype) })
        var heads = frozen.reduce(0) { $0 + head($1.genotype, replicas: $1.replicas.count) }
        var alone = used.map { views[$0] }
        var run = alone.reduce(0, +)
        for entry in entries {
            guard let trained = entry.reading.trainedLayers, let replica = entry.replicas.first
            else { continue }
            let view = spaces.index(of: entry.genotype)
            heads += Double(replica.graph.multiplyAdds(batch(entry.genotype)))
            alone.append(passes[view][trained.upperBound])
            if !used.contains(view) { run += passes[view][trained.lowerBound - 1] }
        }
        guard let cheapest = alone.min(), cheapest > 0 else { return 1 }
        return (run + heads) / cheapest
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
