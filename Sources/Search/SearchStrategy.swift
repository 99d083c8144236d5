import Heads
import Support

/// Proposes heads, knowing how those before did.
///
/// To add one, write a type in a file of its own and list it in ``StrategyRegistry/all``. A strategy
/// keeps no books: the search hands over all scored heads, removes duplicates and counts the budget.
public protocol SearchStrategy: Sendable {
    /// Unique, as the command line knows it.
    var name: String { get }
    /// What it does and who proposed it, in a line.
    var summary: String { get }
    /// One proposal.
    /// - Parameters:
    ///   - history: scored heads in the order of proposals, with their fitness (higher is better).
    ///   - generator: the only source of chance.
    func propose(
        in space: SearchSpace, history: [(genotype: Genotype, fitness: Double)],
        using generator: inout RandomGenerator
    ) -> Genotype
}

/// The strategies that this program knows; one line each.
public enum StrategyRegistry {
    public static let all: [any SearchStrategy] = [
        RandomSearch(),
        RegularizedEvolution(),
        LocalSearch(),
    ]

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
    case badOption(name: String, value: String, expected: String)
    case allFailed(count: Int, firstReason: String)

    public var kind: ErrorKind {
        switch self {
        case .unknownStrategy, .badOption: .usage
        case .allFailed: .badInput
        }
    }

    public var description: String {
        switch self {
        case .unknownStrategy(let name, let known):
            "there is no strategy '\(name)'"
                + (closestMatch(to: name, in: known).map { "; did you mean '\($0)'?" } ?? "")
                + " Known are \(known.joined(separator: ", "))"
        case .badOption(let name, let value, let expected):
            "\(name) is \(value): expected \(expected)"
        case .allFailed(let count, let reason):
            "none of \(count) candidates could be scored; the first failed because: \(reason)"
        }
    }
}
