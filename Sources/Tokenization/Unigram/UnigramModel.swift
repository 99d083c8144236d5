/// Finds the most probable spelling of a word by pieces (Kudo 2018), as Hugging Face's `tokenizers` does.
///
/// SentencePiece itself sums scores in float32 and treats pieces that are not normal in its own
/// way, so ties and rare pieces come out differently there.
struct UnigramModel: Sendable {
    /// How much worse an unknown character is than the worst piece.
    private static let unknownPenalty = 10.0
    /// Largest total size of all pieces in bytes: states of the trie are numbered in 24 bits.
    static let maximumBytes = 1 << 24

    private var trie: PieceTrie
    private let scores: [Double]
    private let texts: [String]
    let unknownID: Int32
    private let unknownScore: Double

    /// `nil` for pieces that appear twice or are too long together.
    /// - Parameter pieces: their indices are their ids; scores are logarithms of probabilities.
    init?(_ pieces: [(piece: String, score: Double)], unknownID: Int32) {
        let bytes = pieces.reduce(0) { $0 + $1.piece.utf8.count }
        guard bytes < Self.maximumBytes else { return nil }
        trie = PieceTrie(bytes: bytes)
        for (id, entry) in pieces.enumerated() {
            guard trie.insert(entry.piece.utf8, id: Int32(id)) else { return nil }
        }
        scores = pieces.map(\.score)
        texts = pieces.map(\.piece)
        self.unknownID = unknownID
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
    }

    var count: Int { scores.count }

    /// All pieces by their ids.
    var pieces: [Int32: String] {
        Dictionary(uniqueKeysWithValues: texts.enumerated().map { (Int32($0), $1) })
    }

    /// The model of a `tokenizer.json`.
    var json: JSONText {
        .object([
            "type": "Unigram", "unk_id": JSONText(unknownID), "byte_fallback": false,
            "vocab": .array(
                zip(texts, scores).map { .array([JSONText($0), JSONText($1)]) }),
        ])
    }

    /// The id of a piece, or `nil`.
    func find(_ piece: String) -> Int32? { trie.find(piece.utf8) }

    /// The ids of a word in UTF-8; neighbouring unknown characters become one unknown id.
    /// - Complexity: O(bytes of the word times bytes of the longest piece).
    func encode(_ word: [UInt8], into ids: inout [Int32]) {
        let none: Int32 = -1
        // For every end of a piece the best path to it: its score, and its last piece.
        var best = [Double](repeating: 0, count: word.count + 1)
        var start = [Int32](repeating: none, count: word.count + 1)
        var piece = start
        var from = 0
        while from < word.count {
            let width = UTF8Width.of(word[from])
            let score = best[from]
            var isSpelt = false
            func offer(_ id: Int32, _ candidate: Double, at end: Int) {
                guard start[end] == none || candidate > best[end] else { return }
                best[end] = candidate
                start[end] = Int32(from)
                piece[end] = id
            }
            trie.visitPrefixes(of: word, from: from) { end, id in
                offer(id, score + scores[Int(id)], at: end)
                if end - from == width { isSpelt = true }
            }
            if !isSpelt { offer(unknownID, score + unknownScore, at: from + width) }
            from += width
        }
        var found: [Int32] = []
        var end = word.count
        while end > 0 {
            if piece[end] != unknownID || found.last != unknownID { found.append(piece[end]) }
            end = Int(start[end])
        }
        ids += found.reversed()
    }
}

/// Pieces by their bytes: one open-addressed table from a state and a byte to the next state.
private struct PieceTrie: Sendable {
    private var keys: [UInt32]
    private var states: [UInt32]
    /// The piece that ends at a state, or -1.
    private var ids: [Int32] = [-1]
    private let mask: Int

    init(bytes: Int) {
        var count = 16
        while count < 2 * bytes { count *= 2 }
        // Zero is free: no path leads from the root along a zero byte, as pieces have none.
        keys = Array(repeating: 0, count: count)
        states = keys
        mask = count - 1
    }

    private func slot(_ key: UInt32) -> Int {
        var slot = Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }

    private static func key(_ state: UInt32, _ byte: UInt8) -> UInt32 { state << 8 | UInt32(byte) }

    /// `false` for a piece that exists already, is empty or has a zero byte.
    mutating func insert(_ piece: some Sequence<UInt8>, id: Int32) -> Bool {
        var state: UInt32 = 0
        for byte in piece {
            guard byte != 0 else { return false }
            let key = Self.key(state, byte)
            let slot = slot(key)
            if keys[slot] == 0 {
                keys[slot] = key
                states[slot] = UInt32(ids.count)
                ids.append(-1)
            }
            state = states[slot]
        }
        guard state != 0, ids[Int(state)] < 0 else { return false }
        ids[Int(state)] = id
        return true
    }

    /// The state after a byte, or `nil`.
    private func next(_ state: UInt32, _ byte: UInt8) -> UInt32? {
        guard byte != 0 else { return nil }
        let slot = slot(Self.key(state, byte))
        return keys[slot] == 0 ? nil : states[slot]
    }

    func find(_ piece: some Sequence<UInt8>) -> Int32? {
        var state: UInt32 = 0
        for byte in piece {
            guard let next = next(state, byte) else { return nil }
            state = next
        }
        return ids[Int(state)] < 0 ? nil : ids[Int(state)]
    }

    /// Calls `body` with the end and the id of every piece that begins at a place, the shortest first.
    func visitPrefixes(of word: [UInt8], from: Int, _ body: (Int, Int32) -> Void) {
        var state: UInt32 = 0
        for index in from..<word.count {
            guard let next = next(state, word[index]) else { return }
            state = next
            if ids[Int(state)] >= 0 { body(index + 1, ids[Int(state)]) }
        }
    }
}
