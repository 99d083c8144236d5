import Metrics
import Support

/// Draws that keep the proportions of the classes.
enum Stratified {
    /// How many rows of each class to draw: proportional shares by largest remainder, at least one
    /// of each class that can give one (when `total` allows), never more than `caps`.
    ///
    /// - Precondition: `total` is at most the sum of `caps`.
    static func quotas(total: Int, counts: [Int], caps: [Int]) -> [Int] {
        let all = counts.reduce(0, +)
        precondition(total <= caps.reduce(0, +), "more rows wanted than available")
        guard all > 0 else { return counts.map { _ in 0 } }
        var quotas = counts.map { count in
            Int(all.dividingFullWidth(total.multipliedFullWidth(by: count)).quotient)
        }
        let remainders = counts.map { count in
            Int(all.dividingFullWidth(total.multipliedFullWidth(by: count)).remainder)
        }
        let order = counts.indices.sorted {
            (remainders[$1], $0) < (remainders[$0], $1)
        }
        for index in order.prefix(total - quotas.reduce(0, +)) { quotas[index] += 1 }

        // What one class cannot give comes from the class with the most left.
        for index in counts.indices { quotas[index] = min(quotas[index], caps[index]) }
        for _ in 0..<(total - quotas.reduce(0, +)) {
            quotas[largest(zip(caps, quotas).map { $0 - $1 })] += 1
        }
        // One of each class, if the total allows it.
        let eligible = counts.indices.filter { caps[$0] > 0 }
        if total >= eligible.count {
            for index in eligible where quotas[index] == 0 {
                quotas[largest(quotas)] -= 1
                quotas[index] = 1
            }
        }
        return quotas
    }

    /// Index of the largest number, the first in a tie.
    private static func largest(_ numbers: [Int]) -> Int {
        var best = 0
        for index in numbers.indices where numbers[index] > numbers[best] { best = index }
        return best
    }

    /// Which of the rows are drawn: in each class, the rows with the lowest priority, a random
    /// number that depends only on the key and the row's position in the file, so no other row can
    /// change it.
    ///
    /// - Parameters:
    ///   - quotas: rows of each class to draw.
    ///   - caps: rows of each class that may be drawn, at least the quotas.
    ///   - groups: the group of each row; a group is drawn as a whole or not at all, and has the priority
    ///     of its first row. Those are drawn that fit the quotas, then those that come closer to them.
    ///     Where every row has a group of its own the quotas are met exactly.
    static func draw(
        _ rows: [(label: Int, place: Int)], quotas: [Int], caps: [Int], groups: [Int],
        key: RandomKey
    ) -> [Bool] {
        var members: [[Int]] = []
        for (index, group) in groups.enumerated() {
            if group == members.count { members.append([]) }
            members[group].append(index)
        }
        let order = members.indices.map { group in
            var generator = key.child(rows[members[group][0]].place).generator()
            return (priority: generator.next(), first: members[group][0], group: group)
        }.sorted { ($0.priority, $0.first) < ($1.priority, $1.first) }.map(\.group)

        var isDrawn = [Bool](repeating: false, count: rows.count)
        var drawn = quotas.map { _ in 0 }
        func take(_ group: Int, if isWanted: (_ label: Int, _ more: Int) -> Bool) {
            guard !isDrawn[members[group][0]] else { return }
            var counts: [Int: Int] = [:]
            for row in members[group] { counts[rows[row].label, default: 0] += 1 }
            guard counts.allSatisfy({ isWanted($0.key, $0.value) }) else { return }
            for (label, count) in counts { drawn[label] += count }
            for row in members[group] { isDrawn[row] = true }
        }
        for group in order { take(group) { drawn[$0] + $1 <= quotas[$0] } }
        // What is left is larger than the room for it: a row too many beats a row too few.
        for group in order {
            take(group) { label, more in
                let now = quotas[label] - drawn[label]
                return now > 0 && abs(now - more) < now && drawn[label] + more <= caps[label]
            }
        }
        return isDrawn
    }

    /// Draws so many rows, each of which is a group of its own.
    /// - Parameter counts: rows that each class has.
    static func draw(
        _ rows: [(label: Int, place: Int)], count: Int, counts: [Int], key: RandomKey
    ) -> [Bool] {
        let quotas = quotas(total: count, counts: counts, caps: counts)
        return draw(rows, quotas: quotas, caps: quotas, groups: Array(rows.indices), key: key)
    }

    /// How many rows each group has: a group for each class, or for each other stratum.
    static func counts(_ strata: [Int], in space: TargetSpace) -> [Int] {
        let groups =
            switch space {
            case .classes(let count): count
            case .labels(let count): count + 1
            case .number: (strata.max() ?? 0) + 1
            }
        var counts = [Int](repeating: 0, count: groups)
        for group in strata { counts[group] += 1 }
        return counts
    }
}
