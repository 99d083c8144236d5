import Foundation

/// Files that appear whole or not at all: written under a temporary name, flushed, then renamed.
public enum AtomicFile {
    /// Writes `data` to `url`, creating the directories above it.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { handle in try handle.write(contentsOf: data) }
    }

    /// Writes a text in UTF-8 to `url`, creating the directories above it.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    public static func write(_ text: String, to url: URL) throws {
        try write(Data(text.utf8), to: url)
    }

    /// Lets `body` write a file piece by piece; the file gets its name when `body` has returned.
    /// - Throws: ``FileError/notWritable(path:reason:)``, or what `body` throws.
    public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
        let temporary = try temporaryName(for: url)
        let manager = FileManager.default
        guard manager.createFile(atPath: temporary.path, contents: nil) else {
            throw FileError.notWritable(path: url.path, reason: FileError.systemReason)
        }
        try fill(temporary, for: url) {
            let handle = try FileHandle(forWritingTo: temporary)
            defer { try? handle.close() }
            try body(handle)
            try handle.synchronize()
            try FileError.rename(temporary, to: url)
        }
    }

    /// Lets `body` fill a new directory, which gets its name when `body` has returned; an existing
    /// directory of that name is replaced.
    /// - Throws: ``FileError/notWritable(path:reason:)``, or what `body` throws.
    public static func writeDirectory(_ url: URL, _ body: (URL) throws -> Void) throws {
        let temporary = try temporaryName(for: url)
        let manager = FileManager.default
        try fill(temporary, for: url) {
            try manager.createDirectory(at: temporary, withIntermediateDirectories: true)
            try body(temporary)
            if manager.fileExists(atPath: url.path) {
                let old = try temporaryName(for: url)
                try manager.moveItem(at: url, to: old)
                try manager.moveItem(at: temporary, to: url)
                try? manager.removeItem(at: old)
            } else {
                try manager.moveItem(at: temporary, to: url)
            }
        }
    }

    /// Runs `body`; when it throws, nothing is left under the temporary name.
    private static func fill(_ temporary: URL, for url: URL, _ body: () throws -> Void) throws {
        do {
            try FileError.writing(url, body)
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
    }

    private static func temporaryName(for url: URL) throws -> URL {
        let parent = url.deletingLastPathComponent()
        try FileError.createDirectory(parent)
        let unique = UUID().uuidString.prefix(8)
        return parent.appendingPathComponent(".\(url.lastPathComponent).\(unique).tmp")
    }
}
