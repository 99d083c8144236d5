import Heads

/// A head as a stack of boxes: what each operation does, and what shape comes out of it.
package struct ArchitectureDiagram: Sendable {
    /// One operation of the head.
    package struct Box: Sendable {
        package let slot: Slot
        /// The operation's name, as in genotypes.
        package let operation: String
        /// The settings, except that of the normalisation.
        package let settings: [(name: String, value: String)]
        /// The normalisation, as in genotypes; `nil` where the operation has no such choice.
        package let norm: String?
        /// What comes out: `tokens × 128`.
        package let shape: String
        /// Trained weights.
        package let parameters: Int
    }

    package let boxes: [Box]
    /// What comes in: `tokens × 384`.
    package let inputShape: String

    /// - Parameter genotype: a head of the space.
    init(_ genotype: Genotype, in space: SearchSpace) {
        let context = space.context
        let graph = space.graph(of: genotype)
        let sequences = context.segments == 2 ? "2 × " : ""
        var width = context.inputWidth
        inputShape = "\(sequences)tokens × \(width)"
        var boxes: [Box] = []
        for (place, gene) in genotype.genes.enumerated() {
            guard let operation = OperationRegistry.standard[gene.operation] else { continue }
            width = operation.outputWidth(gene.settings, width: width, context: context)
            let prefix = "head.\(place)."
            let parameters = graph.parameters.reduce(0) {
                $0 + ($1.isTrainable && $1.name.hasPrefix(prefix) ? $1.count : 0)
            }
            let names = operation.choices(in: context).map(\.name)
            boxes.append(
                Box(
                    slot: operation.slot, operation: operation.name,
                    settings: names.filter { $0 != "norm" }.map { ($0, gene.settings[$0]) },
                    norm: names.contains("norm") ? gene.settings["norm"] : nil,
                    shape: Self.shape(after: operation.slot, sequences: sequences, width: width),
                    parameters: parameters))
        }
        self.boxes = boxes
    }

    private static func shape(after slot: Slot, sequences: String, width: Int) -> String {
        switch slot {
        case .source, .input, .block: "\(sequences)tokens × \(width)"
        case .pooling: "\(sequences)\(width)"
        case .interaction: "\(width)"
        case .classifier: "\(width) logits"
        }
    }
}
