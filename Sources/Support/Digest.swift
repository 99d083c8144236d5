import Foundation

/// A SHA-256 digest over labelled parts, in lower-case hexadecimal.
///
/// Every part is preceded by its length, so that no two different lists of parts agree.
public struct DigestBuilder {
    private var hash = Hash(.sha256)

    public init() {}

    /// Adds a text as one part.
    public mutating func add(_ text: String) {
        add(Data(text.utf8))
    }

    /// Adds bytes as one part.
    public mutating func add(_ data: Data) {
        withUnsafeBytes(of: UInt64(data.count).littleEndian) { hash.add($0) }
        hash.add(data)
    }

    /// Adds the content of a file as one part.
    /// - Throws: ``FileError`` when the file cannot be read.
    public mutating func add(contentsOf url: URL) throws {
        let file = try MappedFile(url)
        withUnsafeBytes(of: UInt64(file.count).littleEndian) { hash.add($0) }
        // Pages are given back as they are done with: a large file does not stay resident.
        for piece in (0..<file.count).pieces(of: 16 << 20) {
            hash.add(UnsafeRawBufferPointer(rebasing: file.bytes[piece]))
            file.releasePages()
        }
    }

    /// The digest of all parts so far: 64 hexadecimal digits.
    public func hexadecimal() -> String { hash.hexadecimal }
}

/// A SHA-256 checksum over bytes as they come.
public struct Checksum {
    /// Bytes of a checksum.
    public static let count = 32
    private var hash = Hash(.sha256)

    public init() {}

    /// Adds bytes.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.add(bytes) }

    /// Adds bytes.
    public mutating func add(_ data: Data) { hash.add(data) }

    /// The checksum of all bytes so far.
    public var bytes: [UInt8] { hash.bytes }
}
