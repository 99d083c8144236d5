/// A SentencePiece model file written field by field, small enough to be damaged a hundred thousand
/// times.
struct ModelSpelling {
    enum Kind: UInt8 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    private var pieces: [UInt8] = []
    var modelType: UInt8 = 1
    var characterMap: [UInt8] = []
    /// Further fields of the trainer and the normaliser, key and value.
    var trainer: [UInt8] = []
    var normalizer: [UInt8] = []

    static let specials: [(String, Kind)] = [
        ("<unk>", .unknown), ("<s>", .control), ("</s>", .control),
    ]

    init(_ specials: [(String, Kind)] = Self.specials) {
        for (piece, kind) in specials { add(piece, 0, kind) }
    }

    mutating func add(_ piece: String, _ score: Float = -1, _ kind: Kind = .normal) {
        var message = Self.field(1, Array(piece.utf8)) + [2 << 3 | 5]
        for shift in [0, 8, 16, 24] as [UInt32] {
            message.append(UInt8(truncatingIfNeeded: score.bitPattern >> shift))
        }
        message += [3 << 3, kind.rawValue]
        pieces += Self.field(1, message)
    }

    var bytes: [UInt8] {
        var rules = normalizer
        if !characterMap.isEmpty { rules += Self.field(2, characterMap) }
        return pieces + Self.field(2, [3 << 3, modelType] + trainer) + Self.field(3, rules)
    }

    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var all = [number << 3 | 2]
        var count = bytes.count
        while count >= 0x80 {
            all.append(UInt8(count & 0x7F) | 0x80)
            count >>= 7
        }
        all.append(UInt8(count))
        return all + bytes
    }

    /// A double array in which "a", "ab" and "é" are replaced.
    static var smallMap: [UInt8] {
        var units = [UInt32](repeating: 0x8000_0000, count: 2_560)
        func way(_ state: Int, _ label: Int, to target: Int, endsKey: Bool) {
            let index = state ^ label
            units[index] = UInt32(index ^ target) << 10 | (endsKey ? 0x100 : 0) | UInt32(label)
        }
        units[0] = 256 << 10
        way(256, 0x61, to: 512, endsKey: true)
        way(512, 0x62, to: 768, endsKey: true)
        way(256, 0xc3, to: 1_024, endsKey: false)
        way(1_024, 0xa9, to: 1_280, endsKey: true)
        for (state, value) in [(512, 0), (768, 2), (1_280, 5)] {
            units[state] = 0x8000_0000 | UInt32(value)
        }
        var bytes: [UInt8] = []
        for value in [UInt32(units.count * 4)] + units {
            for shift in [0, 8, 16, 24] as [UInt32] {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        return bytes + Array("x\0yz\0é\0".utf8)
    }
}
