import Foundation

/// Tells a file from one that was changed or replaced, without reading it: its size, the time of
/// the last change and its number on the disk. Bytes that a disk changes by itself go unnoticed.
public struct FileStamp: Sendable {
    /// The stamp as text, the same as long as the file is not written to.
    public let text: String
    /// When the file was changed last.
    package let changed: Date

    /// The stamp of a file with this status.
    public init(_ status: stat) {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        text = "\(status.st_size):\(time.tv_sec).\(time.tv_nsec):\(status.st_ino)"
        changed = Date(
            timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9)
    }

    /// Whether the file could change again without changing its stamp: clocks of file systems tick
    /// slowly, so a file that has just been written looks the same as its successor.
    public var isFresh: Bool { Date().timeIntervalSince(changed) < 2 }
}
