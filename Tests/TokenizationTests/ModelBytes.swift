import Foundation

/// A SentencePiece model spelt byte by byte, so that it can be wrong in every way.
struct ModelBytes {
    enum Kind: UInt8 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    /// 1 unigram, 2 byte-pair encoding, 3 words, 4 characters.
    var modelType: UInt8 = 1
    /// The compiled table of the normaliser and of the denormaliser.
    var normalizer = Data()
    var denormalizer = Data()
    private var pieces = Data()

    /// A model with `<unk>`, `<s>` and `</s>`.
    init() {
        add("<unk>", 0, .unknown)
        add("<s>", 0, .control)
        add("</s>", 0, .control)
    }

    /// A model without pieces.
    static var empty: ModelBytes {
        var model = ModelBytes()
        model.pieces = Data()
        return model
    }

    mutating func add(_ piece: String, _ score: Float = 0, _ kind: Kind = .normal) {
        add(Data(piece.utf8), score, kind.rawValue)
    }

    mutating func add(_ piece: Data, _ score: Float, _ type: UInt8) {
        var message = Self.field(1, piece)
        message.append(0x15)
        withUnsafeBytes(of: score.bitPattern.littleEndian) { message.append(contentsOf: $0) }
        message += [0x18, type]
        pieces += Self.field(1, message)
    }

    /// The protocol buffer.
    var data: Data {
        var data = pieces + Self.field(2, Data([0x18, modelType]))
        data += Self.field(3, Self.field(2, normalizer))
        return data + Self.field(5, Self.field(2, denormalizer))
    }

    private static func field(_ number: UInt8, _ bytes: Data) -> Data {
        var data = Data([number << 3 | 2])
        var length = bytes.count
        while length > 127 {
            data.append(UInt8(length & 127) | 128)
            length >>= 7
        }
        data.append(UInt8(length))
        return data + bytes
    }
}
