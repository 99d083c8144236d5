import Heads
import Support

/// Proposes heads, knowing how earlier ones did.
///
/// To add one, write a type in its own file and list it in ``StrategyRegistry/all``. A strategy
/// keeps no records: the search passes in all scored heads, removes duplicates and counts the
/// budget.
public protocol SearchStrategy: Sendable {
    /// Unique, as the command line knows it.
    var name: String { get }
    /// What it does and who proposed it, in one line.
    var summary: String { get }
    /// Whether proposals depend on the scores of earlier ones.
    var usesScores: Bool { get }
    /// The strategy prepared for the spaces of a search; the strategy itself if it needs no
    /// preparation.
    /// - Throws: ``SearchError`` if it cannot search them.
    func prepared(for spaces: SearchSpaces) throws -> any SearchStrategy
    /// One proposal.
    /// - Parameters:
    ///   - history: scored heads in the order of proposals, with their fitness (higher is better);
    ///     empty for a strategy that does not use scores.
    ///   - drawn: different heads proposed so far, including those beyond the limits.
    ///   - generator: the only source of randomness.
    /// - Returns: `nil` when there is nothing more to propose.
    func propose(
        in spaces: SearchSpaces, history: [(genotype: Genotype, fitness: Double)], drawn: Int,
        using generator: inout RandomGenerator
    ) -> Genotype?
}

extension SearchStrategy {
    public func prepared(for spaces: SearchSpaces) throws -> any SearchStrategy { self }
    public var usesScores: Bool { true }
}

/// The strategies that this program knows; one line each.
public enum StrategyRegistry {
    public static let all: [any SearchStrategy] = [
        RandomSearch(),
        RegularizedEvolution(),
        LocalSearch(),
        ExhaustiveSearch(),
    ]

    /// The name of the strategy that leaves nothing out.
    public static let exhaustive = ExhaustiveSearch().name

    /// - Throws: ``SearchError/unknownStrategy(name:known:)``.
    public static func find(_ name: String) throws -> any SearchStrategy {
        guard let strategy = all.first(where: { $0.name == name }) else {
            throw SearchError.unknownStrategy(name: name, known: all.map(\.name))
        }
        return strategy
    }
}

/// Errors of searching.
public enum SearchError: DiagnosedError, Equatable {
    case unknownStrategy(name: String, known: [String])
    case spaceTooLarge(heads: Double, limit: Int)
    case allFailed(count: Int, firstReason: String)

    public var kind: ErrorKind {
        switch self {
        case .unknownStrategy, .spaceTooLarge: .usage
        case .allFailed: .badInput
        }
    }

    public var description: String {
        switch self {
        case .unknownStrategy(let name, let known):
            "there is no strategy '\(name)'"
                + suggestion(for: name, in: known)
                + " (known: \(known.joined(separator: ", ")))"
        case .spaceTooLarge(let heads, let limit):
            "the space has about \(heads) heads, too many to try them all (the limit is \(limit)): "
                + "allow fewer blocks, layers or operations, or choose another strategy"
        case .allFailed(let count, let reason):
            "none of \(count) candidates could be scored; the first failed because: \(reason)"
        }
    }
}
