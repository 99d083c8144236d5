import Support
import Tasks

/// Rows that say the same, nearly the same, or the same as a row of another split.
struct DuplicateFindings {
    /// For every row, the index of the first one with the same key.
    let groups: [Int]
    let duplicates: [AuditResult.DuplicateGroup]
    let nearDuplicates: [AuditResult.DuplicateGroup]
    let leakage: [AuditResult.Leak]

    /// Rows of another split that a leaking row is compared with.
    private static let compared = 64

    /// - Parameter similarity: the least of near-duplicates.
    /// - Throws: `Interrupted`.
    init(
        _ rows: [AuditRow], similarity: Double, threads: Int, progress: ProgressHandler?
    ) throws {
        var firsts: [ExactName: Int] = [:]
        /// The distinct keys, and the rows of each.
        var keys: [String] = []
        var members: [[Int]] = []
        for (index, row) in rows.enumerated() {
            let key = TextKey.key(row.example)
            if let place = firsts[ExactName(key)] {
                members[place].append(index)
            } else {
                firsts[ExactName(key)] = keys.count
                keys.append(key)
                members.append([index])
            }
        }
        var groups = [Int](repeating: 0, count: rows.count)
        for group in members {
            for row in group { groups[row] = group[0] }
        }
        self.groups = groups
        func group(_ members: [Int], _ similarity: Double) -> AuditResult.DuplicateGroup {
            AuditResult.DuplicateGroup(
                rows: members, similarity: similarity,
                isConflicting: Set(members.map { rows[$0].example.label }).count > 1)
        }
        duplicates = members.filter { $0.count > 1 }.map { group($0, 1) }
        let near = try NearDuplicates(
            keys, threshold: similarity, threads: threads, progress: progress)
        var least: [Int: Double] = [:]
        for link in near.links {
            let root = near.groups[link.second]
            least[root] = min(least[root] ?? 1, link.similarity)
        }
        var together: [Int: [Int]] = [:]
        for key in keys.indices where least[near.groups[key]] != nil {
            together[near.groups[key], default: []].append(key)
        }
        nearDuplicates = together.sorted { $0.key < $1.key }.map { root, keys in
            group(keys.flatMap { members[$0] }.sorted(), least[root] ?? 1)
        }
        leakage =
            Self.leaks(members, rows, keys, together.values.sorted { $0[0] < $1[0] }, similarity)
            .sorted { $0.row < $1.row }
    }

    /// - Parameters:
    ///   - members: the rows of each key.
    ///   - together: the keys that are near each other.
    private static func leaks(
        _ members: [[Int]], _ rows: [AuditRow], _ keys: [String], _ together: [[Int]],
        _ threshold: Double
    ) -> [AuditResult.Leak] {
        var leaks: [AuditResult.Leak] = []
        var isKnown: Set<Int> = []
        for group in members {
            for row in group {
                guard let other = source(of: rows[row].split, among: group, rows) else { continue }
                leaks.append(.init(row: row, other: other, similarity: 1))
                isKnown.insert(row)
            }
        }
        for group in together {
            let sets = group.prefix(compared).map { Shingles(keys[$0]) }
            for (place, key) in group.enumerated() {
                for row in members[key] where !isKnown.contains(row) {
                    let own = place < sets.count ? sets[place] : Shingles(keys[key])
                    // The first of the most similar ones.
                    var best: AuditResult.Leak?
                    for (index, set) in sets.enumerated() where index != place {
                        guard
                            let other = source(
                                of: rows[row].split, among: members[group[index]], rows)
                        else { continue }
                        let similarity = own.similarity(to: set)
                        if similarity >= threshold, similarity > best?.similarity ?? 0 {
                            best = .init(row: row, other: other, similarity: similarity)
                        }
                    }
                    if let best { leaks.append(best) }
                }
            }
        }
        return leaks
    }

    /// The first row of a split that rows of this one must not be in.
    private static func source(
        of split: Split, among members: [Int], _ rows: [AuditRow]
    ) -> Int? {
        switch split {
        case .train: nil
        case .dev: members.first { rows[$0].split == .train }
        case .test:
            members.first { rows[$0].split == .train } ?? members.first { rows[$0].split == .dev }
        }
    }
}
