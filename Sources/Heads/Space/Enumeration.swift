import Graphs

/// The heads of a space in a fixed order, each once, without holding them: a head's number is
/// written in mixed radix, one digit per choice.
///
/// Among heads with equal inputs, shorter ones come first.
public struct SpaceEnumeration: Sendable {
    /// Number of heads.
    public let count: Int
    private let maximumBlocks: Int
    private let inputs: [(gene: Gene, blocks: [Gene], heads: Int)]
    /// The choices of the slots after the blocks, in order, and before the input.
    private let source: [Gene]
    private let tail: [[Gene]]
    private let view: String?

    /// - Returns: `nil` if the space has more heads than `limit`.
    public init?(_ space: SearchSpace, limit: Int = 10_000_000) {
        guard space.count <= Double(limit) else { return nil }
        func genes(_ slot: Slot, width: Int? = nil) -> [Gene] {
            space.drawn.operations(in: slot, context: space.context).flatMap { operation in
                space.settings(of: operation).filter { settings in
                    guard let width else { return true }
                    return operation.objection(settings, width: width, context: space.context)
                        == nil
                }.map { Gene(operation, $0) }
            }
        }
        source = genes(.source)
        tail = space.requiredSlots.filter { $0 > .block }.map { genes($0) }
        let rest = tail.reduce(source.count) { $0 * $1.count }
        maximumBlocks = space.maximumBlocks
        view = space.context.view
        var inputs: [(gene: Gene, blocks: [Gene], heads: Int)] = []
        for gene in genes(.input) {
            guard let operation = space.registry[gene.operation] else { continue }
            let width = operation.outputWidth(
                gene.settings, width: space.context.inputWidth, context: space.context)
            let blocks = genes(.block, width: width)
            var sequences = 0
            var power = 1
            for _ in 0...space.maximumBlocks {
                sequences += power
                power *= blocks.count
            }
            inputs.append((gene, blocks, sequences * rest))
        }
        self.inputs = inputs
        count = inputs.reduce(0) { $0 + $1.heads }
    }

    /// - Precondition: `index` is below ``count``.
    public subscript(_ index: Int) -> Genotype {
        precondition((0..<count).contains(index), "no such head")
        var rest = index
        for input in inputs {
            guard rest >= input.heads else {
                return head(rest, input.gene, input.blocks)
            }
            rest -= input.heads
        }
        preconditionFailure("the numbers of heads do not add up")
    }

    private func head(_ index: Int, _ input: Gene, _ blocks: [Gene]) -> Genotype {
        var rest = index
        func digit(_ base: Int) -> Int {
            defer { rest /= base }
            return rest % base
        }
        let first = source[digit(source.count)]
        let last = tail.map { $0[digit($0.count)] }
        var length = 0
        var sequences = 1
        while rest >= sequences {
            rest -= sequences
            sequences *= blocks.count
            length += 1
        }
        let middle = (0..<length).map { _ in blocks[digit(blocks.count)] }
        return Genotype([first, input] + middle + last, view: view)
    }
}
