import Encoders
import Graphs
import Support
import Tokenization

/// The encoder's pass over a list of sequences, split into blocks of consecutive ones.
///
/// Within a block, sequences are sorted by length and batched; which sequences share a batch
/// decides the last bits of its matrix products. A block depends only on the texts, not on threads
/// or on who computes it, so blocks can be computed anywhere, in any order, and have the bytes of
/// an undivided pass.
struct FeatureBlocks: Sendable {
    /// Tokens per block: enough to sort by length, few enough for memory. Another number would
    /// change the last bits.
    static let tokens = 32_768

    /// The sequences' tokens.
    let texts: [TokenizedText]
    /// Sequence `s` is rows `offsets[s] ..< offsets[s + 1]`.
    let offsets: [Int64]
    /// The sequences of each block.
    let ranges: [Range<Int>]

    init(_ list: SequenceList, _ encoder: Encoder, maximumLength: Int, threads: Int) {
        let tokenizer = encoder.tokenizer
        texts = Parallel.map(count: list.unique.count, threads: threads) { index, _ in
            let source = list.unique[index]
            return tokenizer.encode(
                source.text, pair: source.pair, maximumLength: maximumLength)
        }
        offsets = Batch.offsets(texts.map(\.ids.count))
        ranges = Self.cut(texts.map(\.ids.count))
    }

    /// Rows of a block.
    func rows(_ block: Int) -> Range<Int> {
        Int(offsets[ranges[block].lowerBound])..<Int(offsets[ranges[block].upperBound])
    }

    /// A block ends with the sequence that fills it.
    static func cut(_ lengths: [Int]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var tokens = 0
        for (place, length) in lengths.enumerated() {
            tokens += length
            guard tokens >= Self.tokens || place == lengths.count - 1 else { continue }
            ranges.append(start..<place + 1)
            start = place + 1
            tokens = 0
        }
        return ranges
    }
}
