import Foundation
import Support

/// Bytes that were made of a file's bytes, in memory of their own.
///
/// The system is asked for all of it at once, so that too much is an error and not the end of the
/// program.
final class OwnedBytes: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer?
    private let capacity: Int
    private(set) var count: Int

    /// - Parameter fill: writes the bytes and returns how many there are.
    /// - Throws: `FileError.notReadable` where there is no memory, and what `fill` throws.
    init(
        capacity: Int, path: String, fill: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws {
        self.capacity = capacity
        count = 0
        guard capacity > 0 else {
            base = nil
            return
        }
        let memory = mmap(
            nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw FileError.notReadable(path: path, reason: FileError.systemReason)
        }
        base = memory
        count = try fill(UnsafeMutableRawBufferPointer(start: memory, count: capacity))
    }

    deinit { if let base { munmap(base, capacity) } }

    /// Valid as long as this object lives.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}
