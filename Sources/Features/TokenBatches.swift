/// Cuts examples or sequences into batches of about equally many tokens. What shares a batch depends on the
/// lengths alone.
package enum TokenBatches {
    /// Places sorted by length, the longest first, cut where a batch would have more than `limit`
    /// tokens.
    package static func byLength(tokens: [Int], limit: Int) -> [[Int]] {
        let sorted = tokens.indices.sorted { (tokens[$0], $1) > (tokens[$1], $0) }
        return consecutive(sorted, limit: limit) { tokens[$0] }
    }

    /// Places in their order, cut where a batch would have more than `limit` tokens; a single one may
    /// have more.
    package static func consecutive(
        _ places: [Int], limit: Int, tokens: (Int) -> Int
    ) -> [[Int]] {
        var batches: [[Int]] = []
        var sum = 0
        for place in places {
            let count = tokens(place)
            if batches.isEmpty || sum + count > limit {
                batches.append([])
                sum = 0
            }
            batches[batches.count - 1].append(place)
            sum += count
        }
        return batches
    }
}
