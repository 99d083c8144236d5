import Foundation

/// A read-only memory-mapped file.
///
/// Pages are read when they are touched and can be dropped by the system at any time, so a mapped
/// file costs no memory of its own, whatever its size.
public final class MappedFile: Sendable {
    /// What was mapped.
    public let url: URL
    /// Size in bytes.
    public let count: Int
    /// What the system knew of the file when it was opened.
    public let stamp: FileStamp
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer?
    private let descriptor: Int32

    /// Maps a file.
    /// - Throws: ``FileError``.
    public init(_ url: URL) throws {
        let path = url.path
        // Without O_NONBLOCK, opening a named pipe would wait for a writer forever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.unreadable(path) }
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError.notReadable(path: path, reason: FileError.systemReason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError.notReadable(path: path, reason: "it is not a regular file")
        }
        self.url = url
        count = Int(status.st_size)
        stamp = FileStamp(status)
        self.descriptor = descriptor
        guard count > 0 else {
            base = nil
            isKept = true
            return
        }
        let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw FileError.notReadable(path: path, reason: FileError.systemReason)
        }
        base = mapping
        isKept = true
    }

    deinit {
        if let base { munmap(base, count) }
        close(descriptor)
    }

    /// Calls `body` with all bytes of the file.
    public func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        // The caller may not use the file again: it must stay alive until `body` has returned.
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// All bytes of the file; valid as long as this object lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: count)
    }

    /// Copies bytes from `offset` on. Unlike mapped pages, of which the system keeps many around
    /// each touched one, they cost no memory but `target`.
    /// - Throws: ``FileError/notReadable(path:reason:)``, also where the file has been cut short.
    public func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < target.count {
            let count = pread(
                descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? FileError.systemReason : "it was cut short"
                throw FileError.notReadable(path: url.path, reason: reason)
            }
            done += count
        }
    }

    /// Tells other processes, as long as this object lives, that the file is in use: they may not
    /// get an exclusive lock on it.
    public func hold() { flock(descriptor, LOCK_SH | LOCK_NB) }

    /// Tells the system that the pages are not needed for now.
    public func releasePages() {
        if let base { madvise(base, count, MADV_DONTNEED) }
    }
}
