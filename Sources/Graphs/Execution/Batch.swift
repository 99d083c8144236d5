/// Ragged sequences that are computed together; nothing is padded.
///
/// Sequences are stored one after another; with two segments, sequences `2 i` and `2 i + 1` are the
/// segments of example `i`, so the rows of an example are contiguous in every ``RowSpace``.
public struct Batch {
    /// Sequence `s` is token rows `offsets[s] ..< offsets[s + 1]`; never empty.
    public let offsets: [Int64]
    /// Sequences per example.
    public let segments: Int
    /// One pointer for each input slot, `[tokens, width]`; valid as long as `owner` lives or,
    /// without one, as long as the caller guarantees.
    public var inputs: [UnsafePointer<Float>] = []
    /// Keeps the memory of `inputs` alive.
    public var owner: AnyObject?
    /// Token ids, positions and segment ids, one per token; empty if the graph has no embeddings.
    public var ids: [Int32] = []
    public var positions: [Int32] = []
    public var segmentIDs: [Int32] = []

    /// - Precondition: every length is positive, and their number is divisible by `segments`.
    public init(lengths: [Int], segments: Int) {
        precondition(lengths.count % segments == 0, "incomplete examples")
        precondition(lengths.allSatisfy { $0 > 0 }, "an empty sequence")
        offsets = Self.offsets(lengths)
        self.segments = segments
    }

    /// Where sequences of these lengths begin, stored one after another, and where the last ends.
    package static func offsets(_ lengths: [Int]) -> [Int64] {
        var offsets: [Int64] = [0]
        offsets.reserveCapacity(lengths.count + 1)
        for length in lengths { offsets.append(offsets[offsets.count - 1] + Int64(length)) }
        return offsets
    }

    public var sequenceCount: Int { offsets.count - 1 }
    public var exampleCount: Int { sequenceCount / segments }
    public var tokenCount: Int { Int(offsets[offsets.count - 1]) }

    /// Rows in a space.
    public func rowCount(_ space: RowSpace) -> Int {
        switch space {
        case .tokens: tokenCount
        case .sequences: sequenceCount
        case .examples: exampleCount
        case .distances: 2 * tokenCount - sequenceCount
        }
    }

    /// The first row of example `index` in a space; `index` may be the number of examples.
    public func firstRow(ofExample index: Int, in space: RowSpace) -> Int {
        switch space {
        case .tokens: Int(offsets[index * segments])
        case .sequences: index * segments
        case .examples: index
        case .distances: firstDistance(ofSequence: index * segments)
        }
    }

    /// The first row of a sequence in the space of distances.
    func firstDistance(ofSequence sequence: Int) -> Int {
        2 * Int(offsets[sequence]) - sequence
    }

    /// For every row in the space of distances, the row of a table.
    func distanceRows(_ buckets: DistanceBuckets) -> [Int32] {
        let longest = (0..<sequenceCount).map { offsets[$0 + 1] - offsets[$0] }.max() ?? 1
        let reach = Int(longest) - 1
        let rows = (-reach...reach).map { Int32(buckets.row($0)) }
        var result: [Int32] = []
        result.reserveCapacity(rowCount(.distances))
        for sequence in 0..<sequenceCount {
            let own = Int(offsets[sequence + 1] - offsets[sequence]) - 1
            result += rows[reach - own...reach + own]
        }
        return result
    }

    /// The sequence that sequence `index` attends to.
    func source(of index: Int, _ source: AttentionSource) -> Int {
        switch source {
        case .own: index
        case .partner: index ^ 1
        }
    }
}
