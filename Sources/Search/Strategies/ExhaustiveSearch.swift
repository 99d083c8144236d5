import Heads
import Support

/// Every head of a small space, in the order of its enumeration: nothing is left to chance. A space
/// is made small by fewer blocks, layers and operations.
struct ExhaustiveSearch: SearchStrategy {
    let name = "exhaustive"
    let summary = "every head of a small space in turn; see --blocks, --layers and --operations"
    let usesScores = false

    private static let limit = 1_000_000
    private var enumeration: SpacesEnumeration?

    func prepared(for spaces: SearchSpaces) throws -> any SearchStrategy {
        var prepared = self
        prepared.enumeration = SpacesEnumeration(spaces, limit: Self.limit)
        guard prepared.enumeration != nil else {
            throw SearchError.spaceTooLarge(heads: spaces.count, limit: Self.limit)
        }
        return prepared
    }

    func propose(
        in spaces: SearchSpaces, history: [(genotype: Genotype, fitness: Double)], drawn: Int,
        using generator: inout RandomGenerator
    ) -> Genotype? {
        guard let enumeration, drawn < enumeration.count else { return nil }
        return enumeration[drawn]
    }
}
