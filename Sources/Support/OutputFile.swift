import Foundation

/// A file, a pipe or a stream that is being written, from its first byte to its last.
public final class OutputFile {
    private let descriptor: Int32
    private let path: String
    private let isOwned: Bool

    /// - Parameters:
    ///   - path: what messages call it.
    ///   - isOwned: whether it is closed in the end.
    init(_ descriptor: Int32, path: String, isOwned: Bool = true) {
        self.descriptor = descriptor
        self.path = path
        self.isOwned = isOwned
    }

    deinit { if isOwned { close(descriptor) } }

    /// Writes all bytes.
    /// - Throws: ``FileError/notWritable(path:reason:)``; ``ReaderGone`` and ``StreamError`` where
    ///   it is a pipe or standard output.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard descriptor != StandardStreams.output else { return try StandardStreams.write(bytes) }
        do {
            try Descriptor.write(bytes, to: descriptor)
        } catch {
            if error.code == EPIPE { throw ReaderGone() }
            throw FileError.notWritable(path: path, reason: error.reason)
        }
    }

    /// Writes all bytes.
    /// - Throws: as ``write(_:)-(UnsafeRawBufferPointer)``.
    public func write(_ data: Data) throws { try data.withUnsafeBytes { try write($0) } }

    /// Waits until the disk has everything.
    func synchronize() throws {
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else {
            throw FileError.notWritable(path: path, reason: FileError.systemReason)
        }
    }

    /// Gives an unnamed file a name that is free.
    func link(to name: URL) throws {
        let own = Self.name(of: descriptor)
        guard linkat(AT_FDCWD, own, AT_FDCWD, name.path, AT_SYMLINK_FOLLOW) == 0 else {
            throw FileError.notWritable(path: path, reason: FileError.systemReason)
        }
    }

    /// Copies everything into a file that is there, from its beginning.
    func copy(into url: URL) throws {
        let target = try OutputFile(inPlace: url)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FileError.notReadable(path: path, reason: FileError.systemReason)
            }
            guard count > 0 else { break }
            try target.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += off_t(count)
        }
        try target.synchronize()
    }

    /// The name under which the process sees a descriptor.
    private static func name(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }
}

// MARK: Opening

extension OutputFile {
    /// Opens a file or pipe that is there; a file is emptied. Opening a pipe waits for its reader.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    convenience init(inPlace url: URL) throws {
        let descriptor = Self.open(url.path, O_WRONLY | O_TRUNC)
        guard descriptor >= 0 else {
            throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
        }
        self.init(descriptor, path: url.path)
    }

    /// Makes a file without a name in a directory: the system removes it if the process ends before
    /// it has been given one.
    /// - Parameter url: the name that it will have.
    /// - Returns: `nil` where the system or the file system has no such files.
    static func unnamed(for url: URL) -> OutputFile? {
        #if os(Linux)
            // The macro cannot be imported; the number is that of all of Linux's common machines.
            let unnamed = 0o20_000_000 | O_DIRECTORY
            let descriptor = open(url.deletingLastPathComponent().path, unnamed | O_RDWR)
            guard descriptor >= 0 else { return nil }
            let file = OutputFile(descriptor, path: url.path)
            // Giving it a name takes /proc.
            return access(name(of: descriptor), F_OK) == 0 ? file : nil
        #else
            return nil
        #endif
    }

    /// Its first bytes as memory that stays valid when this object is gone; the disk has room for them.
    /// - Returns: `nil` where there is little room, which others need more, or the file system cannot say so.
    func mapped(count: Int) -> UnsafeMutableRawBufferPointer? {
        #if os(Linux)
            var system = statvfs()
            guard count > 0, fstatvfs(descriptor, &system) == 0,
                UInt64(system.f_bavail) * UInt64(system.f_frsize) > 4 * UInt64(count),
                posix_fallocate(descriptor, 0, off_t(count)) == 0
            else { return nil }
            let mapping = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            guard let mapping, mapping != MAP_FAILED else { return nil }
            return UnsafeMutableRawBufferPointer(start: mapping, count: count)
        #else
            return nil
        #endif
    }

    /// Makes a file under a temporary name.
    /// - Parameter url: the name that it will have.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    static func named(_ temporary: URL, for url: URL) throws -> OutputFile {
        let descriptor = open(temporary.path, O_RDWR | O_CREAT | O_EXCL)
        guard descriptor >= 0 else {
            throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
        }
        return OutputFile(descriptor, path: url.path)
    }

    private static func open(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let descriptor = Foundation.open(path, flags | O_CLOEXEC, 0o666)
            if descriptor >= 0 || errno != EINTR { return descriptor }
        }
    }

    /// Sets the permissions.
    func setMode(_ mode: mode_t) { fchmod(descriptor, mode) }
}
