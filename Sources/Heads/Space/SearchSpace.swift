import Graphs
import Support

/// All heads that a search can draw: an input, up to `maximumBlocks` blocks, a pooling, for pairs an
/// interaction, and a classifier.
///
/// ```swift
/// let space = SearchSpace(
///     context: HeadContext(inputWidth: 384, classes: 2, segments: 2, layers: [9, 10, 11, 12]))
/// var generator = RandomKey(seed: 1).child("heads").generator()
/// let head = space.sample(using: &generator)
/// print(head)  // layer(of=...) > projection(...) > ... > classifier(...)
/// let sameHead = try space.genotype(head.description)
/// let graph = space.graph(of: head)  // hidden states in, logits out; see `Graphs`
/// ```
///
/// A space is a value without state; drawing is as random as the generator.
public struct SearchSpace: Sendable {
    /// The default number of blocks that a head may have.
    public static let standardMaximumBlocks = 3

    /// What heads are built for.
    public let context: HeadContext
    /// The most blocks in a drawn head; the text of a genotype may have more.
    public let maximumBlocks: Int
    /// All operations, as texts may name them.
    let registry: OperationRegistry
    /// Those that heads are drawn from.
    let drawn: OperationRegistry

    public init(
        context: HeadContext, maximumBlocks: Int = Self.standardMaximumBlocks,
        registry: OperationRegistry = .standard
    ) {
        self.context = context
        self.maximumBlocks = maximumBlocks
        self.registry = registry
        drawn = registry.drawn
    }

    /// A space whose heads are drawn from some operations only; texts may name the others too.
    /// - Throws: ``GenotypeError`` for an unknown name, or if a slot that every head needs is left
    ///   without an operation.
    public init(
        context: HeadContext, maximumBlocks: Int = Self.standardMaximumBlocks,
        registry: OperationRegistry = .standard, operations: [String]
    ) throws {
        self.context = context
        self.registry = registry
        let drawn = try registry.restricted(to: operations, context: context)
        self.drawn = drawn
        // Without an operation for blocks there are no blocks.
        let hasBlocks = !drawn.operations(in: .block, context: context).isEmpty
        self.maximumBlocks = hasBlocks ? maximumBlocks : 0
    }

    /// The same heads for other layers.
    public func reading(layers: [Int]) -> SearchSpace {
        SearchSpace(
            context.reading(layers: layers), maximumBlocks: maximumBlocks, registry: registry,
            drawn: drawn)
    }

    private init(
        _ context: HeadContext, maximumBlocks: Int, registry: OperationRegistry,
        drawn: OperationRegistry
    ) {
        self.context = context
        self.maximumBlocks = maximumBlocks
        self.registry = registry
        self.drawn = drawn
    }

    /// Slots that come before the blocks.
    private static let leading = 2

    /// Slots that a head has exactly once.
    var requiredSlots: [Slot] { Self.requiredSlots(segments: context.segments) }

    static func requiredSlots(segments: Int) -> [Slot] {
        segments == 2
            ? [.source, .input, .pooling, .interaction, .classifier]
            : [.source, .input, .pooling, .classifier]
    }

    // MARK: Size

    /// Number of genotypes, counting no head twice.
    public var count: Double {
        // Widths decide which settings are allowed, so heads are counted by width.
        var widths: [Int: Double] = [:]
        for operation in drawn.operations(in: .input, context: context) {
            for settings in settings(of: operation) {
                let width = operation.outputWidth(
                    settings, width: context.inputWidth, context: context)
                widths[width, default: 0] += 1
            }
        }
        let tail = requiredSlots.filter { $0 != .input }.reduce(1.0) { product, slot in
            product
                * Double(
                    drawn.operations(in: slot, context: context).reduce(0) {
                        $0 + settings(of: $1).count
                    })
        }
        var total = 0.0
        for (width, number) in widths {
            let blocks = drawn.operations(in: .block, context: context).reduce(0) {
                sum, operation in
                sum
                    + settings(of: operation).filter {
                        operation.objection($0, width: width, context: context) == nil
                    }.count
            }
            var sequences = 0.0
            var power = 1.0
            for _ in 0...maximumBlocks {
                sequences += power
                power *= Double(blocks)
            }
            total += number * sequences
        }
        return total * tail
    }

    /// All canonical settings of an operation, each once.
    func settings(of operation: any Operation) -> [Settings] {
        var lists: [[String: String]] = [[:]]
        for choice in operation.choices(in: context) {
            lists = lists.flatMap { list in
                choice.values.map { value in
                    var extended = list
                    extended[choice.name] = value
                    return extended
                }
            }
        }
        var seen: Set<Gene> = []
        return lists.compactMap { values in
            let gene = Gene(operation, Settings(values))
            return seen.insert(gene).inserted ? gene.settings : nil
        }
    }

    // MARK: Drawing

    /// A random head: the number of blocks, then each operation, then each choice, all uniformly.
    public func sample(using generator: inout RandomGenerator) -> Genotype {
        while true {
            let blocks = generator.index(below: maximumBlocks + 1)
            let genes = slots(blocks: blocks).map { sampleGene($0, using: &generator) }
            if isAllowed(genes) { return Genotype(genes, view: context.view) }
        }
    }

    /// A neighbour: one choice of one operation changed, one operation replaced, or a block added,
    /// removed or moved. Never the genotype itself.
    public func mutate(
        _ genotype: Genotype, using generator: inout RandomGenerator
    ) -> Genotype {
        while true {
            var genes = genotype.genes
            let blockPlaces = genes.indices.filter { slot(of: genes[$0]) == .block }
            switch generator.index(below: 6) {
            case 0 where blockPlaces.count < maximumBlocks:
                let place = Self.leading + generator.index(below: blockPlaces.count + 1)
                genes.insert(sampleGene(.block, using: &generator), at: place)
            case 1 where !blockPlaces.isEmpty:
                genes.remove(at: blockPlaces[generator.index(below: blockPlaces.count)])
            case 2 where blockPlaces.count > 1:
                let a = blockPlaces[generator.index(below: blockPlaces.count)]
                let b = blockPlaces[generator.index(below: blockPlaces.count)]
                genes.swapAt(a, b)
            case 3:
                let place = generator.index(below: genes.count)
                genes[place] = sampleGene(slot(of: genes[place]), using: &generator)
            case 4, 5:
                let place = generator.index(below: genes.count)
                guard let changed = changeOne(genes[place], using: &generator) else { continue }
                genes[place] = changed
            default: continue
            }
            let result = Genotype(genes, view: context.view)
            if result != genotype, isAllowed(genes) { return result }
        }
    }

    private func changeOne(_ gene: Gene, using generator: inout RandomGenerator) -> Gene? {
        guard let operation = registry[gene.operation], !operation.choices.isEmpty else {
            return nil
        }
        let choices = operation.choices(in: context)
        let choice = choices[generator.index(below: choices.count)]
        let value = choice.values[generator.index(below: choice.values.count)]
        return Gene(operation, gene.settings.setting(choice.name, to: value))
    }

    private func sampleGene(_ slot: Slot, using generator: inout RandomGenerator) -> Gene {
        let candidates = drawn.operations(in: slot, context: context)
        let operation = candidates[generator.index(below: candidates.count)]
        var values: [String: String] = [:]
        for choice in operation.choices(in: context) {
            values[choice.name] = choice.values[generator.index(below: choice.values.count)]
        }
        return Gene(operation, Settings(values))
    }

    private func slots(blocks: Int) -> [Slot] {
        requiredSlots[..<Self.leading] + Array(repeating: .block, count: blocks)
            + requiredSlots[Self.leading...]
    }

    /// The operations of a head that are in a slot, in order.
    public func genes(of genotype: Genotype, in slot: Slot) -> [Gene] {
        genotype.genes.filter { self.slot(of: $0) == slot }
    }

    private func slot(of gene: Gene) -> Slot { registry[gene.operation]?.slot ?? .block }

    private func isAllowed(_ genes: [Gene]) -> Bool {
        var width = context.inputWidth
        for gene in genes {
            guard let operation = registry[gene.operation],
                operation.objection(gene.settings, width: width, context: context) == nil
            else { return false }
            width = operation.outputWidth(gene.settings, width: width, context: context)
        }
        return true
    }

    // MARK: Lowering

    /// Adds a head to a graph on top of hidden states `[tokens, inputWidth]`, one for each of the
    /// context's layers; the result is the logits, `[examples, classes]`. Parameters are named by
    /// position and operation, e.g. `head.2.self-attention.in_proj.weight`.
    public func lower(
        _ genotype: Genotype, on layers: [Value], into graph: inout GraphBuilder
    ) -> Value {
        precondition(layers.count == context.layers.count, "a value for every layer")
        var value = layers[layers.count - 1]
        graph.scope("head") { graph in
            for (place, gene) in genotype.genes.enumerated() {
                guard let operation = registry[gene.operation] else {
                    preconditionFailure("unknown operation \(gene.operation)")
                }
                value = graph.scope("\(place).\(gene.operation)") { graph in
                    if let source = operation as? any SourceOperation {
                        return source.lower(
                            layers: layers, gene.settings, context: context, into: &graph)
                    }
                    return operation.lower(
                        value, gene.settings, context: context, into: &graph)
                }
            }
        }
        // With one segment, a sequence is an example.
        return graph.segments == 1 ? graph.segment(value, 0) : value
    }

    /// The graph of a head alone, with the hidden states of the context's layers as input slots.
    public func graph(of genotype: Genotype) -> Graph {
        var builder = GraphBuilder(segments: context.segments)
        var layers: [Value] = []
        for slot in context.layers.indices {
            layers.append(builder.input(slot: slot, width: context.inputWidth))
        }
        let logits = lower(genotype, on: layers, into: &builder)
        return builder.build(output: logits)
    }

    /// The layers that a head reads, ascending.
    public func layers(of genotype: Genotype) -> [Int] {
        graph(of: genotype).inputSlots.map { context.layers[$0] }
    }
}
