import Crypto
import Foundation

/// Hashes of whole files, read piece by piece.
public enum FileHash {
    private static let pieceBytes = 1 << 20

    /// SHA-256, as hexadecimal digits.
    /// - Throws: ``FileError``.
    public static func sha256(_ url: URL) throws -> String {
        var hash = SHA256()
        try forEachPiece(url) { hash.update(data: $0) }
        return hexadecimal(hash.finalize())
    }

    /// The name that git gives a file of these bytes: SHA-1 over `blob SIZE`, a zero and the
    /// content. It detects accidents, not forgeries.
    /// - Throws: ``FileError``.
    public static func gitBlob(_ url: URL, size: Int) throws -> String {
        var hash = Insecure.SHA1()
        hash.update(data: Data("blob \(size)\0".utf8))
        try forEachPiece(url) { hash.update(data: $0) }
        return hexadecimal(hash.finalize())
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { String(format: "%02x", $0) }.joined()
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
