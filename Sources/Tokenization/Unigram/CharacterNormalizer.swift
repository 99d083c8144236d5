import Foundation

/// Replaces characters by a SentencePiece model's table, as Hugging Face's `tokenizers` does: a
/// short cluster of characters, otherwise a single character, is replaced by the shortest entry
/// that is a prefix of it.
struct CharacterNormalizer: Sendable {
    /// Clusters up to this many bytes are looked up as a whole.
    private static let clusterBytes = 5

    /// The table itself.
    let table: Data
    private let units: [UInt32]
    /// Zero-terminated replacements.
    private let texts: [UInt8]

    /// `nil` for a table in which ``CharacterMap/fault(_:)`` finds a fault.
    init?(_ data: Data) {
        guard data.withUnsafeBytes({ CharacterMap.fault($0) }) == nil else { return nil }
        table = data
        let bytes = Array(data)
        func integer(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
        }
        let size = Int(integer(0))
        units = stride(from: 4, to: 4 + size, by: 4).map(integer)
        texts = Array(bytes[(4 + size)...])
    }

    func normalize(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        for cluster in String(view) {
            if cluster.utf8.count <= Self.clusterBytes, let text = replacement(cluster.utf8) {
                result += text.unicodeScalars
                continue
            }
            for scalar in cluster.unicodeScalars {
                if let text = replacement(UTF8.encode(scalar)!) {
                    result += text.unicodeScalars
                } else {
                    result.append(scalar)
                }
            }
        }
        return result
    }

    /// The replacement of the shortest entry that is a prefix of a text, or `nil`.
    private func replacement(_ bytes: some Sequence<UInt8>) -> String? {
        func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }
        var state = offset(units[0])
        for byte in bytes {
            guard byte != 0 else { return nil }
            let index = state ^ UInt32(byte)
            let unit = units[Int(index)]
            guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
            state = index ^ offset(unit)
            guard unit & 0x100 != 0 else { continue }
            let start = Int(units[Int(state)] & 0x7FFF_FFFF)
            let text = texts[start...].prefix { $0 != 0 }
            return String(decoding: text, as: UTF8.self)
        }
        return nil
    }
}
