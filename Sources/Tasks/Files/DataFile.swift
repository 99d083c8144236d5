import Foundation
import Support

/// The text of a data file as UTF-8 with line feeds, however the file has it: compressed by gzip, in
/// UTF-16 with a byte-order mark, or with carriage returns alone at the ends of lines.
///
///     let file = try DataFile(URL(fileURLWithPath: "train.csv.gz"))
///     file.changes    // ["gzip"]
///
/// What is none of these and not text is an error that names it. Bytes that are not UTF-8 are left as
/// they are: they make their row a bad row.
package final class DataFile: Sendable {
    private enum Storage: @unchecked Sendable {
        case mapped(MappedFile)
        case owned(OwnedBytes)
        case data(NSData)

        var bytes: UnsafeRawBufferPointer {
            switch self {
            case .mapped(let file): file.bytes
            case .owned(let memory): memory.bytes
            case .data(let data):
                UnsafeRawBufferPointer(
                    start: data.length == 0 ? nil : data.bytes, count: data.length)
            }
        }
    }

    /// Where the file is, for messages.
    package let path: String
    /// What was done to read it, for people, in order.
    package let changes: [String]
    private let storage: Storage

    /// Opens a file.
    /// - Throws: `FileError`; ``TaskError/fileKind(path:found:advice:)`` for what is not text,
    ///   ``TaskError/compressed(path:problem:)`` for gzip that is cut short, damaged or too large.
    package convenience init(_ url: URL) throws {
        let file = try MappedFile(url)
        try self.init(.mapped(file), path: url.path)
    }

    /// Reads bytes that are in memory, e.g. those of standard input.
    /// - Parameter name: what messages call them.
    /// - Throws: as ``init(_:)``.
    package convenience init(_ data: Data, name: String) throws {
        try self.init(.data(data as NSData), path: name)
    }

    private init(_ found: Storage, path: String) throws {
        var storage = found
        var changes: [String] = []
        if Gzip.isGzip(storage.bytes) {
            storage = .owned(try Gzip.read(storage.bytes, path: path))
            changes.append("gzip")
            if Gzip.isGzip(storage.bytes) {
                throw TaskError.fileKind(
                    path: path, found: "gzip inside gzip", advice: "decompress it once with gunzip")
            }
        }
        if let order = UTF16Text.order(storage.bytes) {
            let text = try UTF16Text.read(storage.bytes, order, path: path)
            withExtendedLifetime(storage) {}
            storage = .owned(text)
            changes.append("UTF-16")
        } else if let kind = FileKind.of(storage.bytes) {
            throw TaskError.fileKind(
                path: path, found: kind.name, advice: kind.advice(for: path))
        }
        if Self.hasCarriageReturnsAlone(storage.bytes) {
            storage = .owned(try Self.replacingCarriageReturns(storage.bytes, path: path))
            changes.append("carriage returns as line ends")
        }
        self.path = path
        self.changes = changes
        self.storage = storage
    }

    /// The text; valid as long as this object lives.
    package var bytes: UnsafeRawBufferPointer { storage.bytes }

    package var count: Int { bytes.count }

    /// Calls `body` with the text.
    package func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    // MARK: Line ends

    /// Whether a text has carriage returns and not one line feed, as old Macs and some exports of
    /// Excel write.
    private static func hasCarriageReturnsAlone(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // A line feed is found soon in any other text.
        guard Bytes.firstIndex(of: Bytes.newline, in: bytes, 0..<bytes.count) == nil else {
            return false
        }
        return Bytes.firstIndex(of: Bytes.carriageReturn, in: bytes, 0..<bytes.count) != nil
    }

    private static func replacingCarriageReturns(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws -> OwnedBytes {
        try OwnedBytes(capacity: bytes.count, path: path) { target in
            for (index, byte) in bytes.enumerated() {
                target[index] = byte == Bytes.carriageReturn ? Bytes.newline : byte
            }
            return bytes.count
        }
    }
}
