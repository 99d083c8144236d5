import Foundation
import Support

/// Tells a directory's files from changed or replaced ones, without reading them.
struct DirectoryStamp: Equatable {
    /// A stamp of each file, by its path.
    private let files: [String: String]

    /// Whether there is nothing.
    var isEmpty: Bool { files.isEmpty }

    /// - Parameter url: a directory, or a run with a model in it. One that cannot be read is empty.
    init(_ url: URL) {
        let inside = url.appendingPathComponent("model")
        let root = (FileManager.default.fileExists(atPath: inside.path) ? inside : url)
            .resolvingSymlinksInPath()
        var files: [String: String] = [:]
        let names = FileManager.default.enumerator(atPath: root.path)
        while let name = names?.nextObject() as? String {
            let path = root.appendingPathComponent(name).path
            var status = stat()
            // Links are followed: where a model's files are links, what they lead to counts.
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            files[path] = FileStamp(status).text
        }
        self.files = files
    }
}
