import Graphs
import Support

/// The heads of one search: a space for each view, all with the same classes.
///
/// With a single space, everything is as that space has it.
public struct SearchSpaces: Sendable {
    /// One for each view.
    public let spaces: [SearchSpace]

    /// - Precondition: at least one space; several have views of different names and the same
    ///   number of classes.
    public init(_ spaces: [SearchSpace]) {
        precondition(!spaces.isEmpty, "a search has a view")
        let views = spaces.compactMap(\.context.view)
        precondition(
            spaces.count == 1 || Set(views).count == spaces.count, "views have their own names")
        precondition(Set(spaces.map(\.context.classes)).count == 1, "views have the same classes")
        self.spaces = spaces
    }

    /// The heads of a single space.
    public init(_ space: SearchSpace) { self.init([space]) }

    /// The names of the views; empty where a search has only one.
    public var names: [String] { spaces.compactMap(\.context.view) }

    /// Number of classes.
    public var classes: Int { spaces[0].context.classes }

    /// The index of the space that a head belongs to.
    /// - Precondition: it belongs to one of them.
    public func index(of genotype: Genotype) -> Int {
        guard let index = spaces.firstIndex(where: { $0.context.view == genotype.view }) else {
            preconditionFailure("\(genotype) reads none of the views \(names)")
        }
        return index
    }

    /// The space that a head belongs to.
    /// - Precondition: it belongs to one of them.
    public subscript(_ genotype: Genotype) -> SearchSpace { spaces[index(of: genotype)] }

    /// Reads the text form of a genotype, which names its view where there are several; see
    /// ``SearchSpace/genotype(_:)``.
    /// - Throws: ``GenotypeError``.
    public func genotype(_ text: String) throws -> Genotype {
        guard let name = SearchSpace.view(in: text).name else {
            guard spaces.count == 1 else { throw GenotypeError.missingView(known: names) }
            return try spaces[0].genotype(text)
        }
        guard let space = spaces.first(where: { $0.context.view == name }) else {
            throw GenotypeError.unknownView(name: name, known: names)
        }
        return try space.genotype(text)
    }

    /// Number of genotypes, counting no head twice.
    public var count: Double { spaces.reduce(0) { $0 + $1.count } }

    // MARK: Drawing

    /// A random head: its view, then the head, uniformly.
    public func sample(using generator: inout RandomGenerator) -> Genotype {
        // A single view is no choice, and takes no random number.
        let index = spaces.count == 1 ? 0 : generator.index(below: spaces.count)
        return spaces[index].sample(using: &generator)
    }

    /// A neighbour in the same view; see ``SearchSpace/mutate(_:using:)``.
    public func mutate(
        _ genotype: Genotype, using generator: inout RandomGenerator
    ) -> Genotype {
        self[genotype].mutate(genotype, using: &generator)
    }

    // MARK: Lowering

    /// The graph of a head, with the hidden states of its view's layers as input slots.
    public func graph(of genotype: Genotype) -> Graph { self[genotype].graph(of: genotype) }

    /// The layers that a head reads, ascending.
    public func layers(of genotype: Genotype) -> [Int] { self[genotype].layers(of: genotype) }

    /// Whether a head costs no more than allowed.
    /// - Parameter limits: one for each space, as lengths differ between views; none where empty.
    public func allow(_ genotype: Genotype, limits: [HeadLimits]) -> Bool {
        limits.isEmpty || limits[index(of: genotype)].allow(graph(of: genotype))
    }
}

/// The heads of several spaces in a fixed order, each once: the spaces take turns, so that the first
/// heads are of all views.
public struct SpacesEnumeration: Sendable {
    /// Number of heads.
    public let count: Int
    private let enumerations: [SpaceEnumeration]

    /// - Returns: `nil` if the spaces together have more heads than `limit`.
    public init?(_ spaces: SearchSpaces, limit: Int = 10_000_000) {
        guard spaces.count <= Double(limit) else { return nil }
        enumerations = spaces.spaces.compactMap { SpaceEnumeration($0, limit: limit) }
        count = enumerations.reduce(0) { $0 + $1.count }
    }

    /// - Precondition: `index` is below ``count``.
    public subscript(_ index: Int) -> Genotype {
        precondition((0..<count).contains(index), "no such head")
        var rest = index
        var turns = 0
        var waiting = enumerations
        while let fewest = waiting.map(\.count).min() {
            let places = (fewest - turns) * waiting.count
            if rest < places {
                return waiting[rest % waiting.count][turns + rest / waiting.count]
            }
            rest -= places
            turns = fewest
            waiting.removeAll { $0.count == fewest }
        }
        preconditionFailure("the numbers of heads do not add up")
    }
}
