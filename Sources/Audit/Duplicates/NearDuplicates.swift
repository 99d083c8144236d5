import Support

/// Groups of texts that are nearly the same, without comparing all pairs.
///
/// Signatures of minimal hashes (Broder 1997) are cut into bands; texts that agree in a band are candidates
/// (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4), and each candidate is compared exactly.
/// Within a bucket of a band a text is compared with the first and the last few before it only, and not with those
/// that are in its group already: a table of a million rows from one template costs no more than any other.
struct NearDuplicates {
    /// Two texts that were compared and are near each other, by index.
    struct Link: Sendable {
        let first: Int
        let second: Int
        let similarity: Double
    }

    /// Bands of a signature. Two texts of similarity 0.8 agree in one of them with a probability of 0.9998, of 0.7
    /// with 0.988, of 0.5 with 0.64.
    private static let bands = 16
    /// Minimal hashes of a band.
    private static let rows = 4
    /// Texts of a bucket that the next is compared with: so many first ones, and so many before it.
    private static let compared = 8
    /// Texts whose signatures are one piece of work.
    private static let block = 512

    /// Ascending by the second, and by the first.
    let links: [Link]
    /// The group of every text: the index of its first text.
    let groups: [Int]

    /// - Parameters:
    ///   - texts: each different from all others.
    ///   - threshold: the least similarity of near-duplicates.
    ///   - threads: the groups do not depend on it.
    /// - Throws: what `progress` asks for: `Interrupted`.
    /// - Complexity: O(characters * 64 + texts * 128 comparisons).
    init(
        _ texts: [String], threshold: Double, threads: Int, progress: ProgressHandler?
    ) throws {
        let blocks = (0..<texts.count).pieces(of: Self.block)
        let counter = WorkCounter(
            stage: "duplicates", total: texts.count, unit: "texts", progress: progress)
        let parts = try Parallel.map(count: blocks.count, threads: threads) { place, _ in
            let shingles = blocks[place].map { Shingles(texts[$0]) }
            let keys = shingles.map(Self.bandKeys)
            try counter.add(blocks[place].count)
            return (shingles, keys)
        }
        let shingles = parts.flatMap(\.0)
        let keys = parts.flatMap(\.1)
        var sets = DisjointSets(count: texts.count)
        var links: [Link] = []
        for band in 0..<Self.bands {
            try counter.add(0)
            let order = texts.indices.sorted { (keys[$0][band], $0) < (keys[$1][band], $1) }
            var start = 0
            for (place, text) in order.enumerated() {
                if keys[order[start]][band] != keys[text][band] { start = place }
                let first = start..<min(place, start + Self.compared)
                for other in [first, max(first.upperBound, place - Self.compared)..<place].joined()
                where sets.root(order[other]) != sets.root(text) {
                    let similarity = shingles[order[other]].similarity(to: shingles[text])
                    guard similarity >= threshold else { continue }
                    sets.join(order[other], text)
                    links.append(
                        Link(first: order[other], second: text, similarity: similarity))
                }
            }
        }
        self.links = links.sorted { ($0.second, $0.first) < ($1.second, $1.first) }
        groups = texts.indices.map { sets.root($0) }
    }

    /// A number for each band of a text's signature.
    private static func bandKeys(_ shingles: Shingles) -> [UInt64] {
        var least = [UInt64](repeating: .max, count: bands * rows)
        let (salts, multipliers) = (salts, multipliers)
        for hash in shingles.hashes {
            for place in 0..<bands * rows {
                // Multiplying by an odd number and folding is a permutation for each place.
                let value = (hash ^ salts[place]) &* multipliers[place]
                let folded = value ^ (value >> 32)
                if folded < least[place] { least[place] = folded }
            }
        }
        return (0..<bands).map { band in
            least[band * rows..<(band + 1) * rows].reduce(UInt64(band)) { Shingles.mix($0 ^ $1) }
        }
    }

    private static let salts = (0..<bands * rows).map { Shingles.mix(UInt64($0)) }
    private static let multipliers = (0..<bands * rows).map { Shingles.mix(UInt64($0 + 1_000)) | 1 }
}
