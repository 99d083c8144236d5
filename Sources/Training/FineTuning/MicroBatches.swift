/// Parts of a batch that are computed one after another or in parallel, their gradients summed.
///
/// The parts depend on the examples' lengths only, never on the number of threads, and all hold
/// about the same number of tokens. Nothing is padded, so examples need not be sorted into batches
/// of equal length; each part is in the order of the batch.
struct MicroBatches {
    /// Number of independent parts: as many threads can share a batch.
    static let lanes = 4

    /// Places in the batch, part by part; none is empty.
    let parts: [[Int]]

    /// - Parameters:
    ///   - tokens: tokens of each example of the batch.
    ///   - limit: tokens of a part; a single example may have more.
    init(tokens: [Int], limit: Int) {
        let total = tokens.reduce(0, +)
        // The longest first, each to the part with the least so far (Graham 1969).
        let order = tokens.indices.sorted { (tokens[$0], $1) > (tokens[$1], $0) }
        var count = Self.lanes
        while count * limit < total { count += Self.lanes }
        while true {
            var parts = [[Int]](repeating: [], count: min(count, tokens.count))
            var sums = [Int](repeating: 0, count: parts.count)
            for place in order {
                let smallest = sums.indices.min { sums[$0] < sums[$1] } ?? 0
                parts[smallest].append(place)
                sums[smallest] += tokens[place]
            }
            let fits = zip(parts, sums).allSatisfy { $1 <= limit || $0.count == 1 }
            if fits || parts.count == tokens.count {
                self.parts = parts.map { $0.sorted() }
                return
            }
            count += Self.lanes
        }
    }
}
