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
    static func draw(_ rows: [Row], quotas: [Int], key: RandomKey) -> [Bool] {
        draw(rows.map { (label: $0.example.label, place: $0.record) }, quotas: quotas, key: key)
    }

    /// The same for rows of which only class and place are known.
    static func draw(
        _ rows: [(label: Int, place: Int)], quotas: [Int], key: RandomKey
    ) -> [Bool] {
        var classes: [[(priority: UInt64, index: Int)]] = quotas.map { _ in [] }
        for (index, row) in rows.enumerated() {
            var generator = key.child(row.place).generator()
            classes[row.label].append((generator.next(), index))
        }
        var isDrawn = [Bool](repeating: false, count: rows.count)
        for (members, quota) in zip(classes, quotas) {
            for member in members.sorted(by: { $0 < $1 }).prefix(quota) {
                isDrawn[member.index] = true
            }
        }
        return isDrawn
    }
}
