/// Pieces by their bytes, which stay where they are in a model's file.
///
/// One open-addressed table from the hash of a piece to its id: built in a few milliseconds for 250,000 pieces,
/// where a trie takes a few hundred.
struct PieceTable: Sendable {
    /// Where a piece lies in the file.
    struct Place: Sendable {
        let start: UInt32
        let count: UInt32
    }

    /// The hash of no bytes (FNV-1a, 64 bits).
    static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
    /// How many places are looked at: hashes of pieces made up to agree would make every look-up slow.
    private static let longestProbe = 128

    private(set) var places: [Place] = []
    /// The upper half of the hash, and one more than the id; zero is free.
    private var slots: [UInt64]
    private let shift: UInt64
    /// A bit for the hash of each piece and of what pieces begin with: where it is not set, no piece goes on (Bloom 1970,
    /// with one hash).
    private var beginnings: [UInt64]

    /// - Parameter capacity: the largest number of pieces.
    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < 2 * capacity { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        // Sixteen bits or more for a piece, which has two or three beginnings that others do not share.
        beginnings = Array(repeating: 0, count: 1 << (bits - 3))
        shift = 64 - bits
        places.reserveCapacity(capacity)
    }

    /// The hash of some bytes and one more.
    @inline(__always)
    static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(seed, step)
    }

    private func first(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    /// The word of a hash in ``beginnings``, and its bit.
    @inline(__always)
    private func bit(_ hash: UInt64) -> (word: Int, bit: UInt64) {
        let mixed = hash &* 0x9E37_79B9_7F4A_7C15
        return (Int(truncatingIfNeeded: mixed >> (shift + 3)), 1 << (mixed >> (shift - 3) & 63))
    }

    /// Whether a piece may begin with the bytes of a hash, or be them. `false` is certain.
    @inline(__always)
    func mayBegin(_ hash: UInt64) -> Bool {
        let (word, bit) = bit(hash)
        return beginnings[word] & bit != 0
    }

    /// Takes the next id for a piece.
    /// - Parameters:
    ///   - isFound: whether ``find(_:_:in:)`` finds it.
    ///   - file: the bytes in which the piece lies.
    /// - Returns: `false` for a piece that is there already, and where too many hashes agree.
    mutating func add(
        _ piece: UnsafeRawBufferPointer, isFound: Bool, in file: UnsafeRawBufferPointer
    ) -> Bool {
        let start = piece.baseAddress! - file.baseAddress!
        guard let start = UInt32(exactly: start), let count = UInt32(exactly: piece.count) else {
            return false
        }
        places.append(Place(start: start, count: count))
        guard isFound else { return true }
        var hash = Self.seed
        for (place, byte) in piece.enumerated() {
            // Only ends of characters are asked for.
            if byte & 0xC0 != 0x80, place > 0 { mark(hash) }
            hash = Self.step(hash, byte)
        }
        mark(hash)
        var slot = first(hash)
        for _ in 0..<Self.longestProbe {
            if slots[slot] == 0 {
                slots[slot] = (hash & ~0xFFFF_FFFF) | UInt64(places.count)
                return true
            }
            if matches(slots[slot], hash, piece, file) { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        return false
    }

    private mutating func mark(_ hash: UInt64) {
        let (word, bit) = bit(hash)
        beginnings[word] |= bit
    }

    /// The id of a piece, or `nil`.
    /// - Parameters:
    ///   - hash: of `piece`.
    ///   - file: the bytes in which the pieces lie.
    @inline(__always)
    func find(
        _ piece: UnsafeRawBufferPointer, _ hash: UInt64, in file: UnsafeRawBufferPointer
    ) -> Int32? {
        var slot = first(hash)
        while slots[slot] != 0 {
            if matches(slots[slot], hash, piece, file) {
                return Int32(truncatingIfNeeded: slots[slot] & 0xFFFF_FFFF) - 1
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func matches(
        _ entry: UInt64, _ hash: UInt64, _ piece: UnsafeRawBufferPointer,
        _ file: UnsafeRawBufferPointer
    ) -> Bool {
        guard entry >> 32 == hash >> 32 else { return false }
        return text(Int(entry & 0xFFFF_FFFF) - 1, in: file).elementsEqual(piece)
    }

    /// The bytes of a piece.
    func text(_ id: Int, in file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let place = places[id]
        let start = Int(place.start)
        return UnsafeRawBufferPointer(rebasing: file[start..<start + Int(place.count)])
    }
}
