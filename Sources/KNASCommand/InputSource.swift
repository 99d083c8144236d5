import Foundation
import Support
import Tasks

/// A file, a pipe or standard input, read as its bytes arrive.
final class InputSource {
    /// What messages call it.
    let name: String
    /// `nil` for standard input.
    private let descriptor: Int32?
    /// A file that must be decoded first, and how much of it was given out.
    private var decoded: (file: DataFile, given: Int)?
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// - Parameter path: `-` and `/dev/stdin` are standard input.
    /// - Throws: `FileError`; `TaskError` for a file that is not text.
    init(_ path: String) throws {
        guard !["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(path) else {
            name = "standard input"
            descriptor = nil
            return
        }
        name = path
        // Opening a named pipe waits for its writer.
        let opened = Interruption.whileWaiting { open(path, O_RDONLY | O_CLOEXEC) }
        guard opened >= 0 else { throw FileError.unreadable(path) }
        descriptor = opened
        var status = stat()
        if fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw FileError.notReadable(path: path, reason: "it is a directory")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        // Compressed, in UTF-16, or with carriage returns alone.
        let file = try DataFile(URL(fileURLWithPath: path))
        if !file.changes.isEmpty { decoded = (file, 0) }
    }

    deinit { if let descriptor { close(descriptor) } }

    /// What there is, at least one byte; nothing at the end.
    /// - Throws: `FileError`, `StreamError`.
    func next() throws -> ArraySlice<UInt8> {
        if let (file, given) = decoded {
            let piece = given..<min(file.count, given + buffer.count)
            decoded = (file, piece.upperBound)
            return file.withUnsafeBytes { ArraySlice($0[piece]) }
        }
        let count = try buffer.withUnsafeMutableBytes { bytes in
            guard let descriptor else { return try StandardStreams.read(into: bytes) }
            do {
                return try Descriptor.read(into: bytes, from: descriptor)
            } catch let error as SystemError {
                throw FileError.notReadable(path: name, reason: error.reason)
            }
        }
        return buffer[..<count]
    }

    /// Everything that is left.
    /// - Throws: `FileError`, `StreamError`.
    func rest() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try Interruption.whileWaiting { try next() }
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
}
