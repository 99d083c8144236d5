import Foundation

/// The files that a reader is given, by their paths in one directory: one file or a whole model.
public struct FileSet: Sendable, Hashable {
    /// Content by path; directories are those that the paths name.
    public var files: [String: [UInt8]]

    public init(_ files: [String: [UInt8]]) { self.files = files }

    /// One text file.
    public init(_ name: String, _ text: String) { files = [name: Array(text.utf8)] }

    /// Paths in a fixed order, so a seed chooses the same file in every process.
    public var names: [String] { files.keys.sorted() }

    /// Reads a directory with everything below it.
    /// - Throws: errors of the file system.
    public init(contentsOf directory: URL) throws {
        files = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let url = directory.appendingPathComponent(name)
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory),
                !isDirectory.boolValue
            else { continue }
            files[name] = [UInt8](try Data(contentsOf: url))
        }
    }

    /// Writes the files into a directory, which is created; other files in it stay.
    /// - Throws: errors of the file system.
    public func write(to directory: URL) throws {
        for (name, bytes) in files {
            let url = directory.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
    }
}
