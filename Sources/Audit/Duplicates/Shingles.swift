import Support

/// The set of a text's runs of characters, by their hashes (Broder, On the resemblance and containment of
/// documents, 1997).
struct Shingles: Sendable {
    /// Characters (Unicode scalars) of a run.
    static let length = 4

    /// Ascending, none twice; never empty.
    let hashes: [UInt64]

    /// - Parameter key: a text; shorter ones than ``length`` are one run.
    init(_ key: String) {
        let scalars = key.unicodeScalars.map { UInt64($0.value) }
        let runs = max(1, scalars.count - Self.length + 1)
        var found = (0..<runs).map { start in
            scalars[start..<min(start + Self.length, scalars.count)]
                .reduce(UInt64(0x9e37_79b9_7f4a_7c15)) { Self.mix($0 ^ $1) }
        }
        found.sort()
        var unique: [UInt64] = []
        unique.reserveCapacity(found.count)
        for hash in found where hash != unique.last { unique.append(hash) }
        hashes = unique
    }

    /// Jaccard's similarity: the size of what both have over the size of what either has.
    /// - Complexity: O(both).
    func similarity(to other: Shingles) -> Double {
        var (a, b, common) = (0, 0, 0)
        while a < hashes.count, b < other.hashes.count {
            if hashes[a] == other.hashes[b] {
                common += 1
                a += 1
                b += 1
            } else if hashes[a] < other.hashes[b] {
                a += 1
            } else {
                b += 1
            }
        }
        return Double(common) / Double(hashes.count + other.hashes.count - common)
    }

    /// The finaliser of SplitMix64, a bijection.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
