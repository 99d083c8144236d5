import Foundation

/// Files that appear whole or not at all: written without a name, flushed, then put in place.
///
/// A name that stands for something else than a file is taken as what it is: links are followed,
/// pipes and `/dev/stdout` are written into, directories and devices are refused.
public enum AtomicFile {
    /// What `-` means on a command line.
    public static let standardOutput = URL(fileURLWithPath: "/dev/stdout")

    /// Whether a name stands for this process's standard output.
    public static func isStandardOutput(_ url: URL) -> Bool {
        (try? OutputPlace(url)) == .descriptor(StandardStreams.output)
    }

    /// The file that a name stands for when links are followed, which may not exist yet; `nil`
    /// for pipes and streams.
    /// - Throws: ``FileError/notWritable(path:reason:)`` for what cannot be written.
    public static func file(_ url: URL) throws -> URL? {
        guard case .file(let place, _) = try OutputPlace(url) else { return nil }
        return place
    }

    /// Writes `data` to `url`, creating the directories above it.
    /// - Throws: as ``write(to:_:)``.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { try $0.write(data) }
    }

    /// Writes a text in UTF-8 to `url`, creating the directories above it.
    /// - Throws: as ``write(to:_:)``.
    public static func write(_ text: String, to url: URL) throws {
        try write(Data(text.utf8), to: url)
    }

    /// Lets `body` write a file piece by piece; the file gets its name when `body` has returned.
    /// - Throws: ``FileError/notWritable(path:reason:)``; ``ReaderGone`` where a pipe's reader has
    ///   gone; what `body` throws.
    public static func write(to url: URL, _ body: (OutputFile) throws -> Void) throws {
        switch try OutputPlace(url) {
        case .descriptor(let number):
            try fill(url, OutputFile(number, path: url.path, isOwned: false), body)
        case .pipe(let place):
            try fill(url, OutputFile(inPlace: place), body)
        case .file(let place, let mode):
            try FileError.createDirectory(place.deletingLastPathComponent())
            try writeFile(place, mode, body)
        }
    }

    /// Finds out whether a file could be written, before the work is done whose result it is to
    /// hold.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    public static func check(_ url: URL) throws {
        guard case .file(let place, let mode) = try OutputPlace(url) else { return }
        if mode != nil, access(place.path, W_OK) == 0 { return }
        // Directories that are missing will be made in the nearest one that is there.
        var parent = place.deletingLastPathComponent()
        while access(parent.path, F_OK) != 0, errno == ENOENT, parent.path != "/" {
            parent.deleteLastPathComponent()
        }
        guard access(parent.path + "/.", W_OK) == 0 else {
            throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
        }
    }

    private static func writeFile(
        _ url: URL, _ mode: mode_t?, _ body: (OutputFile) throws -> Void
    ) throws {
        let temporary = temporaryName(for: url)
        if let file = OutputFile.unnamed(for: url) {
            if let mode { file.setMode(mode) }
            try fill(url, file, body)
            try file.synchronize()
            try removingOnFailure(temporary) {
                try file.link(to: temporary)
                try put(file, temporary, in: url)
            }
            return
        }
        let file: OutputFile
        do {
            file = try OutputFile.named(temporary, for: url)
        } catch {
            // A file that may be written in a directory that may not, as containers have them.
            guard mode != nil, access(url.path, W_OK) == 0 else { throw error }
            return try fill(url, OutputFile(inPlace: url), body)
        }
        try removingOnFailure(temporary) {
            if let mode { file.setMode(mode) }
            try fill(url, file, body)
            try file.synchronize()
            try put(file, temporary, in: url)
        }
    }

    private static func fill(
        _ url: URL, _ file: OutputFile, _ body: (OutputFile) throws -> Void
    ) throws {
        try FileError.writing(url) { try body(file) }
    }

    /// Gives a file that is complete its name.
    private static func put(_ file: OutputFile, _ temporary: URL, in url: URL) throws {
        if rename(temporary.path, url.path) == 0 { return }
        guard errno == EBUSY else {
            throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
        }
        // A file that is mounted cannot be replaced.
        try file.copy(into: url)
        unlink(temporary.path)
    }

    /// Lets `body` fill a new directory, which gets its name when `body` has returned; an existing
    /// directory of that name is replaced. A link to a directory stays, and what it leads to is
    /// replaced.
    /// - Throws: ``FileError/notWritable(path:reason:)``, or what `body` throws.
    public static func writeDirectory(_ url: URL, _ body: (URL) throws -> Void) throws {
        let url = try directory(url)
        try FileError.createDirectory(url.deletingLastPathComponent())
        let temporary = temporaryName(for: url)
        try removingOnFailure(temporary) {
            try FileError.createDirectory(temporary)
            try FileError.writing(url) { try body(temporary) }
            var status = stat()
            if lstat(url.path, &status) == 0 {
                let old = temporaryName(for: url)
                try FileError.rename(url, to: old)
                do {
                    try FileError.rename(temporary, to: url)
                } catch {
                    try? FileError.rename(old, to: url)
                    throw error
                }
                try? FileManager.default.removeItem(at: old)
            } else {
                try FileError.rename(temporary, to: url)
            }
        }
    }

    /// Where a directory lies that may be named by a link.
    private static func directory(_ url: URL) throws -> URL {
        var status = stat()
        guard lstat(url.path, &status) == 0 else { return url }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard let real = realpath(url.path, nil) else {
                throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
            }
            defer { free(real) }
            return URL(fileURLWithPath: String(cString: real), isDirectory: true)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError.notWritable(path: url.path, reason: "it is not a directory")
        }
        return url
    }

    /// Runs `body`; when it throws, nothing is left under the temporary name.
    private static func removingOnFailure(_ temporary: URL, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
    }

    private static func temporaryName(for url: URL) -> URL {
        let unique = UUID().uuidString.prefix(8)
        return url.deletingLastPathComponent()
            .appendingPathComponent(".\(url.lastPathComponent).\(unique).tmp")
    }
}
