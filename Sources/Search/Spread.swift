import Heads

/// Chooses heads by rank without putting all on one card: every view and layer, every pooling and
/// every family of blocks keeps a floor of places, since a ranking may be wrong about any of them.
public enum Spread {
    /// The share of the places that are given out by floors; the rest go by rank alone.
    private static let share = 0.5

    /// The best of a ranking, with floors for what they are made of.
    ///
    /// - Parameters:
    ///   - ranked: heads, best first.
    ///   - count: heads to choose.
    ///   - spaces: where they were drawn from.
    /// - Returns: at most `count` of them, in the order of their ranks.
    public static func choose(
        _ ranked: [Genotype], count: Int, in spaces: SearchSpaces
    ) -> [Genotype] {
        guard count < ranked.count else { return ranked }
        let traits = ranked.map { Self.traits($0, spaces[$0]) }
        var members: [[String: [Int]]] = Array(repeating: [:], count: Trait.allCases.count)
        for (place, traits) in traits.enumerated() {
            for (kind, values) in traits.enumerated() {
                for value in values { members[kind][value, default: []].append(place) }
            }
        }
        var chosen: Set<Int> = []
        // Where all heads have the same there is nothing to spread.
        members.removeAll { $0.count < 2 }
        for groups in members {
            let floor = Int(Double(count) * share / Double(members.count * groups.count))
            // Heads that were chosen for another trait count here too.
            for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
                var missing = floor - group.count(where: chosen.contains)
                for place in group where missing > 0 && !chosen.contains(place) {
                    chosen.insert(place)
                    missing -= 1
                }
            }
        }
        for place in ranked.indices where chosen.count < count { chosen.insert(place) }
        return chosen.sorted().prefix(count).map { ranked[$0] }
    }

    /// What heads are sorted by into groups.
    private enum Trait: CaseIterable { case view, layers, pooling, blocks }

    private static func traits(_ genotype: Genotype, _ space: SearchSpace) -> [[String]] {
        Trait.allCases.map { trait in
            switch trait {
            case .view: [genotype.view ?? ""]
            // Without how they are normalised, which would make more groups than there are places.
            case .layers: ["\(genotype.view ?? "") \(space.layers(of: genotype))"]
            case .pooling: space.genes(of: genotype, in: .pooling).map(\.operation)
            case .blocks: Set(space.genes(of: genotype, in: .block).map(\.operation)).sorted()
            }
        }
    }
}
