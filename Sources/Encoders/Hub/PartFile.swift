import Foundation
import Support

/// A file that a download is appended to, and that a later one goes on with.
final class PartFile {
    private let descriptor: Int32
    private let path: String

    /// Opens the file; makes an empty one where there is none.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    init(_ url: URL) throws {
        path = url.path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw FileError.notWritable(path: path, reason: FileError.systemReason)
        }
    }

    deinit { close(descriptor) }

    /// Bytes so far.
    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// - Throws: ``FileError/notWritable(path:reason:)``.
    func empty() throws {
        guard ftruncate(descriptor, 0) == 0 else {
            throw FileError.notWritable(path: path, reason: FileError.systemReason)
        }
    }

    /// - Throws: ``FileError/notWritable(path:reason:)``.
    func append(_ data: Data) throws {
        try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            do {
                try Descriptor.write(bytes, to: descriptor)
            } catch let error as SystemError {
                throw FileError.notWritable(path: path, reason: error.reason)
            }
        }
    }
}
