import Foundation

/// Hashes of whole files, read piece by piece.
public enum FileHash {
    private static let pieceBytes = 1 << 20

    /// SHA-256, as hexadecimal digits.
    /// - Throws: ``FileError``.
    public static func sha256(_ url: URL) throws -> String {
        var hash = Hash(.sha256)
        try forEachPiece(url) { hash.add($0) }
        return hash.hexadecimal
    }

    /// The name that git gives a file of these bytes: SHA-1 over `blob SIZE`, a zero and the
    /// content. It detects accidents, not forgeries.
    /// - Throws: ``FileError``.
    public static func gitBlob(_ url: URL, size: Int) throws -> String {
        var hash = Hash(.sha1)
        hash.add(Data("blob \(size)\0".utf8))
        try forEachPiece(url) { hash.add($0) }
        return hash.hexadecimal
    }

    private static func forEachPiece(_ url: URL, _ body: (Data) -> Void) throws {
        let file = try MappedFile(url)
        var buffer = Data(count: pieceBytes)
        for piece in (0..<file.count).pieces(of: pieceBytes) {
            if piece.count < buffer.count { buffer = Data(count: piece.count) }
            try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: piece.lowerBound) }
            body(buffer)
        }
    }
}
