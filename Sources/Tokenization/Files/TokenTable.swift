/// Tokens and their ids, found by their bytes.
///
/// One block of bytes and one table of slots, as vocabularies have up to a million tokens. Bytes and
/// not `String`s are compared: canonically equivalent tokens are different tokens.
struct TokenTable: Sendable {
    /// The largest id.
    static let maximumID = 10_000_000
    /// Longest token in bytes.
    static let maximumTokenBytes = 1024

    private var text: [UInt8] = []
    /// `ends[i]` is where the bytes of entry `i` end.
    private var ends: [Int] = []
    private var ids: [Int32] = []
    /// Index of an entry, or -1; the number of slots is a power of two, at least twice the entries.
    private var slots: [Int32]
    /// Bytes of the longest token.
    private(set) var longest = 0
    private(set) var largestID: Int32 = -1

    init(capacity: Int) {
        var count = 16
        while count < 2 * capacity { count *= 2 }
        slots = Array(repeating: -1, count: count)
    }

    var count: Int { ids.count }

    private func slot(_ token: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: token)
        var slot = hasher.finalize() & (slots.count - 1)
        while slots[slot] >= 0, !matches(Int(slots[slot]), token) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func matches(_ entry: Int, _ token: UnsafeRawBufferPointer) -> Bool {
        let start = entry == 0 ? 0 : ends[entry - 1]
        guard ends[entry] - start == token.count else { return false }
        for index in 0..<token.count where text[start + index] != token[index] { return false }
        return true
    }

    /// The id of a token, or `nil`.
    func find(_ token: UnsafeRawBufferPointer) -> Int32? {
        let entry = slots[slot(token)]
        return entry < 0 ? nil : ids[Int(entry)]
    }

    func find(_ token: String) -> Int32? {
        var token = token
        return token.withUTF8 { find(UnsafeRawBufferPointer($0)) }
    }

    /// Adds a token; one that exists already gets the new id, and `false` is returned.
    @discardableResult
    mutating func insert(_ token: UnsafeRawBufferPointer, _ id: Int32) -> Bool {
        largestID = max(largestID, id)
        let slot = slot(token)
        if slots[slot] >= 0 {
            ids[Int(slots[slot])] = id
            return false
        }
        slots[slot] = Int32(ids.count)
        text.append(contentsOf: token)
        ends.append(text.count)
        ids.append(id)
        longest = max(longest, token.count)
        if 2 * ids.count > slots.count { grow() }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: 2 * slots.count)
        for entry in ids.indices {
            let start = entry == 0 ? 0 : ends[entry - 1]
            let free = text.withUnsafeBytes {
                slot(UnsafeRawBufferPointer(rebasing: $0[start..<ends[entry]]))
            }
            slots[free] = Int32(entry)
        }
    }

    /// Calls `body` with every token in the order in which they came.
    func visit(_ body: (UnsafeRawBufferPointer, Int32) throws -> Void) rethrows {
        try text.withUnsafeBytes { bytes in
            var start = 0
            for entry in ids.indices {
                try body(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<ends[entry]]), ids[entry])
                start = ends[entry]
            }
        }
    }
}
