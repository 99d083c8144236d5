import Foundation
import Support

/// A secret that requests carry as `Authorization: Bearer TOKEN` (RFC 6750). Only its digest is kept.
public struct BearerToken: Sendable {
    private let digest: [UInt8]

    /// Reads a file with a token and nothing else but white space around it.
    /// - Throws: `FileError`, ``ServerError/badToken(path:reason:)``.
    public init(contentsOf url: URL) throws {
        let file = try MappedFile(url)
        let text = String(decoding: file.bytes, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let visible = text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard text.utf8.count >= 16, text.utf8.count <= 4096, visible else {
            throw ServerError.badToken(
                path: url.path,
                reason: "expected 16 to 4096 visible ASCII characters without spaces")
        }
        digest = Self.digest(text)
    }

    /// Whether a header has the token. The time that it takes says nothing about where they differ.
    func accepts(_ header: String?) -> Bool {
        guard let header, header.prefix(7).lowercased() == "bearer " else { return false }
        let other = Self.digest(header.dropFirst(7).trimmingCharacters(in: .whitespaces))
        return zip(digest, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func digest(_ text: String) -> [UInt8] {
        var checksum = Checksum()
        checksum.add(Data(text.utf8))
        return checksum.bytes
    }
}
