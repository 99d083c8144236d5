import Foundation

/// A SentencePiece model file spelt by hand, field by field, sound or not.
struct ModelBytes {
    enum Kind: UInt8 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// The three special pieces.
    init() {
        add("<unk>", 0, .unknown)
        add("<s>", 0, .control)
        add("</s>", 0, .control)
    }

    private init(pieces: Data) { self.pieces = pieces }
    static let empty = ModelBytes(pieces: Data())

    private var pieces = Data()
    var modelType: UInt8 = 1
    var characterMap = Data()
    var denormalizerMap = Data()

    mutating func add(_ piece: String, _ score: Float = -1, _ kind: Kind = .normal) {
        add(Data(piece.utf8), score, kind.rawValue)
    }

    mutating func add(_ piece: Data, _ score: Float, _ type: UInt8) {
        var message = Self.field(1, piece)
        message.append(2 << 3 | 5)
        withUnsafeBytes(of: score.bitPattern.littleEndian) { message.append(contentsOf: $0) }
        message += [3 << 3, type]
        pieces += Self.field(1, message)
    }

    var data: Data {
        var all = pieces + Self.field(2, Data([3 << 3, modelType]))
        if !characterMap.isEmpty { all += Self.field(3, Self.field(2, characterMap)) }
        if !denormalizerMap.isEmpty { all += Self.field(5, Self.field(2, denormalizerMap)) }
        return all
    }

    static func field(_ number: UInt8, _ bytes: Data) -> Data {
        var all = Data([number << 3 | 2])
        var count = bytes.count
        while count >= 0x80 {
            all.append(UInt8(count & 0x7F) | 0x80)
            count >>= 7
        }
        all.append(UInt8(count))
        return all + bytes
    }

    /// Where the compiled character map lies in a model of ``VocabularyTrainer``: the only run of
    /// bytes behind a name, `nmt_nfkc`, and its key and length.
    static func characterMapRange(_ model: Data) -> Range<Int>? {
        guard let name = model.range(of: Data("nmt_nfkc".utf8)) else { return nil }
        var index = name.upperBound
        guard model[index] == 2 << 3 | 2 else { return nil }
        var (count, shift) = (0, 0)
        repeat {
            index += 1
            count |= Int(model[index] & 0x7F) << shift
            shift += 7
        } while model[index] >= 0x80
        return index + 1..<index + 1 + count
    }
}
