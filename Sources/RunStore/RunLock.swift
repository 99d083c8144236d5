import Foundation
import Support

/// Keeps a second process away from a run: an advisory lock on `run.lock`, which the system
/// releases when the process ends, however it ends. A file that is left behind means nothing.
final class RunLock: @unchecked Sendable {
    private let url: URL
    private var descriptor: Int32
    private let guardian = NSLock()

    /// - Throws: ``RunStoreError/inUse(path:holder:)``, `FileError`.
    init(_ directory: URL) throws {
        url = Self.url(directory)
        var patience = 10
        while true {
            descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else {
                throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let reason = errno
                let holder = Self.holder(of: directory) ?? "another process"
                close(descriptor)
                // A process that only asks whether the run is in use holds a lock for an instant.
                if reason == EWOULDBLOCK, patience > 0 {
                    patience -= 1
                    usleep(20_000)
                    continue
                }
                guard reason == EWOULDBLOCK else {
                    throw FileError.notWritable(
                        path: url.path, reason: String(cString: strerror(reason)))
                }
                throw RunStoreError.inUse(path: directory.path, holder: holder)
            }
            // The file may have been removed by its last holder between the two calls.
            if Self.isSame(descriptor, url.path) { break }
            close(descriptor)
        }
        let text = "\(getpid())\n"
        // For the message only, so failing to write it is no reason to stop.
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }

    deinit { release() }

    /// Removes the file and releases the lock.
    func release() {
        guardian.withLock {
            guard descriptor >= 0 else { return }
            if Self.isSame(descriptor, url.path) { unlink(url.path) }
            close(descriptor)
            descriptor = -1
        }
    }

    static func url(_ directory: URL) -> URL { directory.appendingPathComponent("run.lock") }

    /// Whether a process is working on the run.
    static func isHeld(_ directory: URL) -> Bool {
        let descriptor = open(url(directory).path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// The process that wrote its number into the file.
    private static func holder(of directory: URL) -> String? {
        guard let data = try? Data(contentsOf: url(directory)), data.count <= 32,
            let number = Int32(
                String(decoding: data, as: UTF8.self).trimmingCharacters(
                    in: .whitespacesAndNewlines))
        else { return nil }
        return "process \(number)"
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var own = stat()
        var named = stat()
        return fstat(descriptor, &own) == 0 && lstat(path, &named) == 0
            && own.st_ino == named.st_ino && own.st_dev == named.st_dev
    }
}
