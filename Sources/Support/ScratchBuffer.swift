import Foundation

/// Memory for much that is written in any order, then read once. Above some size it is a file without
/// a name, whose pages the system may take back at any time: what is not looked at costs no memory.
public final class ScratchBuffer: @unchecked Sendable {
    /// Bytes up to which it simply is memory.
    public static let largestInMemory = 128 << 20

    /// All of it; the content is undefined at first.
    public let bytes: UnsafeMutableRawBufferPointer
    private let isFile: Bool

    /// - Parameters:
    ///   - count: bytes.
    ///   - directory: where the file lies; where none can be made there it is memory after all.
    ///   - largestInMemory: bytes up to which no file is made.
    public init(
        count: Int, directory: URL, largestInMemory: Int = ScratchBuffer.largestInMemory
    ) {
        if count > largestInMemory,
            let file = OutputFile.unnamed(for: directory.appendingPathComponent("scratch")),
            let mapped = file.mapped(count: count)
        {
            bytes = mapped
            isFile = true
        } else {
            bytes = .allocate(byteCount: count, alignment: 64)
            isFile = false
        }
    }

    deinit {
        if isFile { munmap(bytes.baseAddress!, bytes.count) } else { bytes.deallocate() }
    }

    /// Tells the system that what was written is not needed for now. Threads may go on writing.
    public func releasePages() {
        if isFile { madvise(bytes.baseAddress!, bytes.count, MADV_DONTNEED) }
    }
}
