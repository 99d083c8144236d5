import Foundation
import KNAS
import Support

/// Tells a directory's files from changed or replaced ones, without reading them.
struct DirectoryStamp: Equatable {
    /// A stamp of each file, by its path.
    private let files: [String: String]
    /// Why there is no model, `nil` where there is one.
    let fault: String?

    /// - Parameter url: a model directory, or a run with one in it.
    init(_ url: URL) {
        let root: URL
        do {
            root = try RunOverview.model(at: url).resolvingSymlinksInPath()
        } catch {
            (files, fault) = ([:], "\(error)")
            return
        }
        var files: [String: String] = [:]
        let names = FileManager.default.enumerator(atPath: root.path)
        while let name = names?.nextObject() as? String {
            let path = root.appendingPathComponent(name).path
            var status = stat()
            // Links are followed: where a model's files are links, what they lead to counts. A file that
            // cannot be read any more is as good as gone.
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                access(path, R_OK) == 0
            else { continue }
            files[path] = FileStamp(status).text
        }
        self.files = files
        fault = nil
    }
}
