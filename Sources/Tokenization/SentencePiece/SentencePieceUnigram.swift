import Support

/// A SentencePiece model of the unigram kind (Kudo 2018), read where it lies: what SentencePiece's own library
/// builds at loading takes it half a second for the 250,000 pieces of XLM-R.
///
/// Gives the ids that the library gives, down to how it rounds and which of two equal spellings it takes: sums in
/// float32 and comparisons in float64, as `unigram::Model::EncodeOptimized` has them. What is rare in models
/// (user-defined and unused pieces, bytes for unknown characters, self-tests) is left to the library.
struct SentencePieceUnigram: Sendable {
    /// How much worse an unknown character is than the worst piece (`kUnkPenalty`).
    private static let unknownPenalty: Float = 10
    /// Longest piece in bytes that is looked for here.
    private static let maximumBytes = 256

    private let table: PieceTable
    private let scores: [Float]
    /// Pieces that are no part of any text.
    private let reserved: [ExactName: Int32]
    let unknownID: Int32
    private let unknownScore: Float
    private let normalizer: SentencePieceNormalizer
    /// The longest piece.
    private let longest: (bytes: Int, characters: Int)

    var count: Int { scores.count }

    /// `nil` for a model that is left to the library.
    /// - Parameter file: a model in which ``ModelValidation`` finds no fault.
    init?(_ file: UnsafeRawBufferPointer) {
        do {
            var reading = try SentencePieceReading(file)
            guard reading.isPlainUnigram, let table = reading.table(file) else { return nil }
            self.table = table
            reserved = reading.reserved
            normalizer = reading.normalizer
            unknownID = reading.unknownID
            unknownScore = reading.lowestScore - Self.unknownPenalty
            longest = reading.longest
            scores = reading.scores
        } catch {
            return nil
        }
        guard longest.bytes <= Self.maximumBytes else { return nil }
    }

    /// The ids of a text, without special tokens; neighbouring unknown characters become one unknown id.
    /// - Parameter file: the same bytes that the model was read from.
    /// - Complexity: O(bytes of the text times bytes of the longest piece).
    func encode(_ text: UnsafeRawBufferPointer, _ file: UnsafeRawBufferPointer) -> [Int32] {
        let text = normalizer.normalize(text, file)
        return text.withUnsafeBytes { spell($0, file) }
    }

    /// For every end of a piece the best path to it.
    private struct Step {
        var score: Float = 0
        var start: Int32 = -1
        var id: Int32 = -1
    }

    private func spell(
        _ text: UnsafeRawBufferPointer, _ file: UnsafeRawBufferPointer
    ) -> [Int32] {
        var best = [Step](repeating: Step(), count: text.count + 1)
        var start = 0
        while start < text.count {
            let before = best[start].score
            let width = Self.width(text, at: start)
            var isSpelt = false
            var hash = PieceTable.seed
            var end = start
            for _ in 0..<longest.characters where end < text.count {
                let next = end + Self.width(text, at: end)
                for index in end..<next { hash = PieceTable.step(hash, text[index]) }
                end = next
                guard end - start <= longest.bytes, table.mayBegin(hash) else { break }
                let piece = UnsafeRawBufferPointer(rebasing: text[start..<end])
                guard let id = table.find(piece, hash, in: file) else { continue }
                let score = Double(scores[Int(id)]) + Double(before)
                if best[end].start < 0 || score > Double(best[end].score) {
                    best[end] = Step(score: Float(score), start: Int32(start), id: id)
                }
                if end - start == width { isSpelt = true }
            }
            if !isSpelt {
                let score = unknownScore + before
                let end = start + width
                if best[end].start < 0 || score > best[end].score {
                    best[end] = Step(score: score, start: Int32(start), id: unknownID)
                }
            }
            start += width
        }
        var ids: [Int32] = []
        var end = text.count
        while end > 0 {
            let step = best[end]
            if step.id != unknownID || ids.last != unknownID { ids.append(step.id) }
            end = Int(step.start)
        }
        return ids.reversed()
    }

    /// Size of the character at a place.
    @inline(__always)
    private static func width(_ text: UnsafeRawBufferPointer, at place: Int) -> Int {
        min(UTF8Width.of(text[place]), text.count - place)
    }

    /// The piece of an id, which must be in `0..<count`.
    func piece(_ id: Int32, _ file: UnsafeRawBufferPointer) -> String {
        String(decoding: table.text(Int(id), in: file), as: UTF8.self)
    }

    /// The id of a piece, or `nil`.
    func id(_ piece: String, _ file: UnsafeRawBufferPointer) -> Int32? {
        if let id = reserved[ExactName(piece)] { return id }
        var piece = piece
        return piece.withUTF8 {
            let bytes = UnsafeRawBufferPointer($0)
            return table.find(bytes, PieceTable.hash(bytes), in: file)
        }
    }
}

/// Sizes of characters in UTF-8.
enum UTF8Width {
    /// Size of a character that begins with a byte.
    @inline(__always)
    static func of(_ byte: UInt8) -> Int {
        byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }
}
