import HeapModule

/// The merges of a byte-pair vocabulary (Sennrich et al. 2016), and their application to a word.
struct BytePairMerges: Sendable {
    struct Merge: Sendable {
        /// Lower ranks are merged first.
        let rank: Int32
        let result: Int32
    }

    private var merges: [UInt64: Merge] = [:]

    var count: Int { merges.count }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Later merges of one pair replace earlier ones.
    mutating func add(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
        merges[Self.key(left, right)] = Merge(rank: rank, result: result)
    }

    /// A neighbouring pair that can be merged, ordered by rank, then by position.
    private struct Candidate: Comparable {
        let rank: Int32
        let position: Int32
        let result: Int32

        static func < (a: Candidate, b: Candidate) -> Bool {
            (a.rank, a.position) < (b.rank, b.position)
        }
    }

    /// A token of the word and its neighbours; merged tokens are unlinked.
    private struct Link {
        var id: Int32
        var previous: Int32
        var next: Int32
        var isGone = false
    }

    /// Merges the tokens of a word until no pair can be merged.
    /// - Complexity: O(n log n).
    func apply(_ tokens: [Int32]) -> [Int32] {
        guard tokens.count > 1 else { return tokens }
        var links = tokens.indices.map { index in
            Link(
                id: tokens[index], previous: Int32(index) - 1,
                next: index + 1 < tokens.count ? Int32(index + 1) : -1)
        }
        var heap = Heap<Candidate>()
        func consider(_ position: Int32) {
            guard position >= 0 else { return }
            let link = links[Int(position)]
            guard link.next >= 0, let merge = merges[Self.key(link.id, links[Int(link.next)].id)]
            else { return }
            heap.insert(Candidate(rank: merge.rank, position: position, result: merge.result))
        }
        for position in tokens.indices.dropLast() { consider(Int32(position)) }
        while let top = heap.popMin() {
            let left = links[Int(top.position)]
            guard !left.isGone, left.next >= 0 else { continue }
            let right = links[Int(left.next)]
            // The pair may have changed since it was noted.
            guard merges[Self.key(left.id, right.id)]?.result == top.result else { continue }
            links[Int(left.next)].isGone = true
            links[Int(top.position)].id = top.result
            links[Int(top.position)].next = right.next
            if right.next >= 0 { links[Int(right.next)].previous = top.position }
            consider(left.previous)
            consider(top.position)
        }
        return links.filter { !$0.isGone }.map(\.id)
    }

    /// Calls `body` with every merge, lowest rank first.
    func visit(_ body: (Int32, Int32, Merge) -> Void) {
        for (key, merge) in merges.sorted(by: { $0.value.rank < $1.value.rank }) {
            body(Int32(truncatingIfNeeded: key >> 32), Int32(truncatingIfNeeded: key), merge)
        }
    }
}
