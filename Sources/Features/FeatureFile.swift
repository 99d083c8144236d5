import Foundation
import Support
import Tensors

/// A feature cache entry: a safetensors file of row offsets, float16 rows and a checksum, which
/// comes last so that rows can be written as they are computed.
struct FeatureFile: Sendable {
    let file: SafetensorsFile
    let width: Int
    /// Sequence `s` is rows `offsets[s] ..< offsets[s + 1]`.
    let offsets: [Int64]
    /// Where the rows are, float16, `[rows, width]`.
    private let info: TensorInfo

    /// Copies rows, as stored in the file, to memory for `range.count * width` halves.
    /// - Throws: ``FileError/notReadable(path:reason:)``.
    func read(_ range: Range<Int>, into target: UnsafeMutablePointer<UInt16>) throws {
        let rowBytes = width * MemoryLayout<UInt16>.stride
        try file.read(
            info, from: range.lowerBound * rowBytes,
            into: UnsafeMutableRawBufferPointer(start: target, count: range.count * rowBytes))
    }

    /// Opens an entry and verifies it, including its rows unless `note` says that this was done.
    ///
    /// - Parameter note: a file that records the stamp of the entry when it was last verified.
    /// - Throws: ``FileError/missing(path:)``; ``FeatureError/damaged(path:reason:)`` for anything
    ///   else that is wrong.
    init(_ url: URL, digest: String, sequences: Int, width: Int, note: URL? = nil) throws {
        func damaged(_ reason: String) -> FeatureError {
            .damaged(path: url.path, reason: reason)
        }
        do {
            file = try SafetensorsFile(url)
            file.hold()
        } catch let error as TensorError {
            throw damaged(error.description)
        }
        guard file.metadata["digest"] == digest else { throw damaged("it holds other features") }
        do {
            let offsetBytes = try file.bytes("offsets", expecting: [sequences + 1])
            info = try file.info("features")
            guard info.dtype == .float16, info.shape.count == 2, info.shape[1] == width,
                try file.info("offsets").dtype == .int64
            else { throw damaged("unexpected types or shapes") }
            offsets = (0...sequences).map {
                offsetBytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)
            }
            guard offsets[0] == 0, offsets[sequences] == Int64(info.shape[0]),
                zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 })
            else { throw damaged("the offsets do not increase") }
            let stored = try file.bytes("checksum", expecting: [Checksum.count])
            let noted = note.flatMap { try? String(contentsOf: $0, encoding: .utf8) }
            if noted != file.stamp.text {
                var checksum = Checksum()
                checksum.add(offsetBytes)
                Self.add(try file.bytes("features"), of: file, to: &checksum)
                guard Array(stored) == checksum.bytes else { throw damaged("the checksum differs") }
                // If the note cannot be written, the rows are just read again next time.
                if let note, !file.stamp.isFresh {
                    try? AtomicFile.write(file.stamp.text, to: note)
                }
            } else if let note {
                // When the entry was used last; what is not used for long goes first.
                utimes(note.path, nil)
            }
            self.width = width
            file.releasePages()
        } catch let error as TensorError {
            throw damaged(error.description)
        }
    }

    /// Where it is noted that an entry was verified.
    static func note(of url: URL) -> URL {
        url.deletingPathExtension().appendingPathExtension("verified")
    }

    /// Adds all bytes; pages are released once they have been read.
    private static func add(
        _ bytes: UnsafeRawBufferPointer, of file: SafetensorsFile, to checksum: inout Checksum
    ) {
        for piece in (0..<bytes.count).pieces(of: 16 << 20) {
            checksum.add(UnsafeRawBufferPointer(rebasing: bytes[piece]))
            file.releasePages()
        }
    }

    /// Writes an entry; `produce` is called once and passes on the rows in order.
    static func write(
        to url: URL, digest: String, offsets: [Int64], width: Int,
        produce: @escaping (SafetensorsEntry.Sink) throws -> Void
    ) throws {
        let checksum = SharedChecksum()
        let entries = [
            SafetensorsEntry(name: "offsets", dtype: .int64, shape: [offsets.count]) { sink in
                try offsets.withUnsafeBytes { bytes in
                    checksum.value.add(bytes)
                    try sink(bytes)
                }
            },
            checksum.halves(
                "features", shape: [Int(offsets[offsets.count - 1]), width], produce),
            checksum.entry,
        ]
        try SafetensorsWriter.write(entries, metadata: ["digest": digest], to: url)
    }
}

/// A checksum that the producers of several tensors add to, one after another.
final class SharedChecksum {
    var value = Checksum()

    /// A tensor in float16 whose bytes are added as they are written.
    func halves(
        _ name: String, shape: [Int],
        _ produce: @escaping (SafetensorsEntry.Sink) throws -> Void
    ) -> SafetensorsEntry {
        SafetensorsEntry(name: name, dtype: .float16, shape: shape) { sink in
            try withoutActuallyEscaping(sink) { sink in
                try produce { bytes in
                    self.value.add(bytes)
                    try sink(bytes)
                }
            }
        }
    }

    /// The checksum itself, to be written last.
    var entry: SafetensorsEntry {
        SafetensorsEntry(name: "checksum", dtype: .uint8, shape: [Checksum.count]) {
            try self.value.bytes.withUnsafeBytes($0)
        }
    }
}
