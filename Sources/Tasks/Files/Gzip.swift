import CZlib
import Foundation
import Support

/// Reads gzip (RFC 1952) through zlib, in bounded memory whatever the file says of itself.
enum Gzip {
    /// The most bytes that a file may become.
    static let largest = 256 << 20
    /// Texts become three to twenty times as long. More than this, beyond a few megabytes, is a bomb.
    static let largestRatio = 200
    private static let harmless = 16 << 20

    static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x1f, 0x8b])
    }

    /// The content of all members of a file. It is decompressed twice: the first time only counts.
    /// - Throws: ``TaskError/compressed(path:problem:)``, `FileError` where there is no memory.
    static func read(_ bytes: UnsafeRawBufferPointer, path: String) throws -> OwnedBytes {
        let limit = min(largest, max(harmless, bytes.count.multipliedOrMaximum(largestRatio)))
        var count = 0
        try inflateAll(bytes, path) { chunk in
            count += chunk.count
            guard count <= limit else {
                throw TaskError.compressed(
                    path: path,
                    problem:
                        "it has \(bytes.count) bytes and becomes more than \(limit); if that is "
                        + "what it should be, decompress it first: gunzip -k \(ShellWord.quoted(path))"
                )
            }
        }
        return try OwnedBytes(capacity: count, path: path) { target in
            var end = 0
            try inflateAll(bytes, path) { chunk in
                // The file may have grown since it was counted.
                guard chunk.count <= target.count - end else {
                    throw TaskError.compressed(path: path, problem: "it changes while it is read")
                }
                UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: chunk)
                end += chunk.count
            }
            return end
        }
    }

    /// Hands on what the members of a file hold, 64 KiB at a time.
    private static func inflateAll(
        _ bytes: UnsafeRawBufferPointer, _ path: String,
        _ take: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var position = 0
        repeat {
            position += try inflateMember(
                UnsafeRawBufferPointer(rebasing: bytes[position...]), at: position, path, take)
            // Tapes and some programs fill up with zeros.
            while position < bytes.count, bytes[position] == 0 { position += 1 }
        } while position < bytes.count
    }

    /// - Returns: how many bytes the member takes.
    private static func inflateMember(
        _ bytes: UnsafeRawBufferPointer, at start: Int, _ path: String,
        _ take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        func fault(_ problem: String, _ offset: Int) -> TaskError {
            .compressed(path: path, problem: "\(problem) at byte \(start + offset + 1)")
        }
        guard isGzip(bytes) else {
            throw fault("what follows the compressed data is not gzip,", 0)
        }
        var stream = z_stream()
        guard knas_inflate_init(&stream) == Z_OK else {
            throw FileError.notReadable(path: path, reason: "no memory to decompress it")
        }
        defer { inflateEnd(&stream) }
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { window.deallocate() }
        var read = 0
        while true {
            if stream.avail_in == 0, read < bytes.count {
                let piece = min(bytes.count - read, 1 << 20)
                // zlib does not write to its input.
                stream.next_in = UnsafeMutablePointer(
                    mutating: (bytes.baseAddress! + read).assumingMemoryBound(to: UInt8.self))
                stream.avail_in = UInt32(piece)
                read += piece
            }
            stream.next_out = window.baseAddress!.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(window.count)
            let status = inflate(&stream, Z_NO_FLUSH)
            let used = read - Int(stream.avail_in)
            let made = window.count - Int(stream.avail_out)
            if made > 0 { try take(UnsafeRawBufferPointer(rebasing: window[..<made])) }
            switch status {
            case Z_STREAM_END: return used
            case Z_OK: continue
            case Z_BUF_ERROR where read < bytes.count: continue
            case Z_BUF_ERROR: throw fault("it is cut short: the compressed data ends", used)
            default:
                let reason = stream.msg.map { String(cString: $0) } ?? "damaged data"
                throw fault("it is damaged (\(reason))", used)
            }
        }
    }
}

extension Int {
    fileprivate func multipliedOrMaximum(_ factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
