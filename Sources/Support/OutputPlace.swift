import Foundation

/// What the name of an output file stands for.
///
/// Links are followed, so that the file they lead to is written and they stay; named pipes and
/// the process's own descriptors (`/dev/stdout`, `/dev/fd/N`) are written into; what cannot be
/// written as a file is refused: directories, devices, sockets.
enum OutputPlace: Equatable {
    /// A regular file, or nothing yet; `mode` are its permissions if it is there.
    case file(URL, mode: mode_t?)
    /// A named pipe.
    case pipe(URL)
    /// A descriptor of this process.
    case descriptor(Int32)

    private static let mostLinks = 40

    /// - Throws: ``FileError/notWritable(path:reason:)``.
    init(_ url: URL) throws {
        func refused(_ reason: String) -> FileError {
            .notWritable(path: url.path, reason: reason)
        }
        var path = url.path
        for _ in 0..<Self.mostLinks {
            if let descriptor = StandardStreams.descriptor(path) {
                guard fcntl(descriptor, F_GETFD) >= 0 else {
                    throw refused("descriptor \(descriptor) is not open")
                }
                self = .descriptor(descriptor)
                return
            }
            var status = stat()
            guard lstat(path, &status) == 0 else {
                guard errno == ENOENT else { throw refused(FileError.systemReason) }
                guard !url.hasDirectoryPath else { throw refused("it is the name of a directory") }
                self = .file(URL(fileURLWithPath: path), mode: nil)
                return
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK: path = try Self.target(of: path)
            case S_IFREG:
                self = .file(URL(fileURLWithPath: path), mode: status.st_mode & 0o7777)
                return
            case S_IFIFO:
                self = .pipe(URL(fileURLWithPath: path))
                return
            case S_IFDIR: throw refused("it is a directory")
            case S_IFSOCK: throw refused("it is a socket")
            default: throw refused("it is a device; - is standard output")
            }
        }
        throw refused("too many links")
    }

    /// Where a link leads.
    static func target(of path: String) throws -> String {
        let target = try FileError.writing(URL(fileURLWithPath: path)) {
            try FileManager.default.destinationOfSymbolicLink(atPath: path)
        }
        return target.hasPrefix("/")
            ? target : (path as NSString).deletingLastPathComponent + "/" + target
    }
}
