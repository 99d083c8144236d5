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
        guard let handle = FileHandle(forReadingAtPath: url.path) else {
            throw FileError.missing(path: url.path)
        }
        defer { try? handle.close() }
        do {
            while let piece = try handle.read(upToCount: pieceBytes), !piece.isEmpty { body(piece) }
        } catch {
            throw FileError.notReadable(path: url.path, reason: error.localizedDescription)
        }
    }
}
