import Crypto
import Foundation

/// A SHA-256 digest over labelled parts, in lower-case hexadecimal.
///
/// Every part is preceded by its length, so no two different lists of parts agree.
public struct DigestBuilder {
    private var hash = SHA256()

    public init() {}

    /// Adds a text as one part.
    public mutating func add(_ text: String) {
        add(Data(text.utf8))
    }

    /// Adds bytes as one part.
    public mutating func add(_ data: Data) {
        withUnsafeBytes(of: UInt64(data.count).littleEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: data)
    }

    /// Adds the content of a file as one part.
    /// - Throws: ``FileError`` when the file cannot be read.
    public mutating func add(contentsOf url: URL) throws {
        let file = try MappedFile(url)
        withUnsafeBytes(of: UInt64(file.count).littleEndian) { hash.update(bufferPointer: $0) }
        // Pages are released once read, so a large file does not stay resident.
        let step = 16 << 20
        for start in stride(from: 0, to: file.count, by: step) {
            let end = min(file.count, start + step)
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: file.bytes[start..<end]))
            file.releasePages()
        }
    }

    /// The digest of all parts so far: 64 hexadecimal digits.
    public func hexadecimal() -> String {
        hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}

/// A SHA-256 checksum of bytes as they arrive.
public struct Checksum {
    /// Bytes in a checksum.
    public static let count = 32
    private var hash = SHA256()

    public init() {}

    /// Adds bytes.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// The checksum of all bytes so far.
    public var bytes: [UInt8] { Array(hash.finalize()) }
}
