import Support

/// What ``SentencePieceUnigram`` needs from a model's file: fields of the protocol buffer, read without copies.
struct SentencePieceReading {
    /// Kinds of pieces in the file.
    private enum Kind: UInt64 {
        case normal = 1
        case unknown, control
    }

    /// Whether the model has nothing but what ``SentencePieceUnigram`` knows.
    private(set) var isPlainUnigram = true
    private(set) var normalizer = SentencePieceNormalizer()
    private(set) var scores: [Float] = []
    /// Pieces that are no part of any text.
    private(set) var reserved: [ExactName: Int32] = [:]
    private(set) var unknownID: Int32 = -1
    /// Of the normal pieces.
    private(set) var lowestScore = Float.greatestFiniteMagnitude
    private(set) var longest = (bytes: 0, characters: 0)
    private var pieces: [(text: UnsafeRawBufferPointer, kind: Kind)] = []
    /// The model's file: places are told from its beginning.
    private let file: UnsafeRawBufferPointer

    /// - Throws: `WireReader.Malformed`.
    init(_ file: UnsafeRawBufferPointer) throws(WireReader.Malformed) {
        self.file = file
        var reader = WireReader(file)
        while isPlainUnigram, let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let message)): try piece(message)
            case (2, .bytes(let message)): try trainer(message)
            case (3, .bytes(let message)): try normalizer(message)
            // Texts that the library tries when it loads the model, and a second normaliser.
            case (4, .bytes(let message)), (5, .bytes(let message)):
                isPlainUnigram = message.isEmpty
            default: isPlainUnigram = false
            }
        }
    }

    private mutating func piece(_ message: UnsafeRawBufferPointer) throws(WireReader.Malformed) {
        var text = UnsafeRawBufferPointer(start: nil, count: 0)
        var score: Float = 0
        var kind = Kind.normal
        var reader = WireReader(message)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): text = bytes
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .integer(let value)):
                guard let known = Kind(rawValue: value) else {
                    isPlainUnigram = false
                    return
                }
                kind = known
            default:
                isPlainUnigram = false
                return
            }
        }
        let id = Int32(scores.count)
        switch kind {
        case .normal:
            lowestScore = min(lowestScore, score)
            let characters = text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            longest = (max(longest.bytes, text.count), max(longest.characters, characters))
        case .unknown, .control:
            if kind == .unknown { unknownID = id }
            let name = ExactName(String(decoding: text, as: UTF8.self))
            // The library refuses what appears twice.
            isPlainUnigram = reserved.updateValue(id, forKey: name) == nil
        }
        scores.append(score)
        pieces.append((text, kind))
    }

    private mutating func trainer(_ message: UnsafeRawBufferPointer) throws(WireReader.Malformed) {
        var reader = WireReader(message)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (3, .integer(let kind)): if kind != 1 { isPlainUnigram = false }
            // treat_whitespace_as_suffix and byte_fallback
            case (24, .integer(let flag)), (35, .integer(let flag)):
                if flag != 0 { isPlainUnigram = false }
            case (3, _), (24, _), (35, _): isPlainUnigram = false
            default: break
            }
        }
    }

    private mutating func normalizer(
        _ message: UnsafeRawBufferPointer
    ) throws(WireReader.Malformed) {
        var reader = WireReader(message)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let map)):
                let start = map.baseAddress.map { $0 - file.baseAddress! } ?? 0
                normalizer.map = start..<start + map.count
            case (3, .integer(let flag)): normalizer.addsSpaceBefore = flag != 0
            case (4, .integer(let flag)): normalizer.removesExtraSpaces = flag != 0
            case (5, .integer(let flag)): if flag == 0 { isPlainUnigram = false }
            case (2...5, _): isPlainUnigram = false
            default: break
            }
        }
    }

    /// The pieces by their bytes; `nil` where there is none, or one twice.
    mutating func table(_ file: UnsafeRawBufferPointer) -> PieceTable? {
        guard unknownID >= 0, longest.bytes > 0 else { return nil }
        var table = PieceTable(capacity: pieces.count)
        for piece in pieces {
            guard table.add(piece.text, isFound: piece.kind == .normal, in: file) else {
                return nil
            }
        }
        return table
    }
}
