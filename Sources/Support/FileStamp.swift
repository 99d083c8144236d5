import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells a file from one that was changed or replaced, without reading it: its size, the time of the last
/// change and its number on the disk. What a disk does to bytes by itself it does not tell.
public struct FileStamp: Sendable {
    /// The stamp as a text, the same as long as nobody writes to the file.
    public let text: String
    private let changed: Date

    init(_ status: stat) {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        text = "\(status.st_size):\(time.tv_sec).\(time.tv_nsec):\(status.st_ino)"
        changed = Date(
            timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9)
    }

    /// Whether the file may be changed once more without another stamp: clocks of file systems tick
    /// slowly, so that a file that has just been written cannot be told from its successor.
    public var isFresh: Bool { Date().timeIntervalSince(changed) < 2 }
}
