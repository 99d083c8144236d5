import Foundation
import Support

/// Finds task files by path or by name.
public enum TaskLocator {
    private static let extensions = ["yml", "yaml"]

    /// The task file at a path, or by name: `tasks/NAME.yml` under the first search path that has
    /// it.
    ///
    /// Anything that contains a slash or ends in `.yml` or `.yaml` is a path; if there is no such
    /// file and it has no slash, it is also looked for under the search paths.
    ///
    /// A directory stands for its `task.yml`, for the only task file that it holds, or, without any,
    /// for the data in it. Any other file is a data file: ``TaskDefinition/load(_:options:)`` guesses
    /// what it means.
    ///
    /// - Throws: `FileError.missing` for a path without a file; ``TaskError/noTaskFile(directory:found:)``
    ///   for a directory without a task file, or with several; ``TaskError/unknownTask`` for a
    ///   name that no search path knows, with the names they do.
    public static func find(_ nameOrPath: String, searchPaths: [URL]) throws -> URL {
        let hasSlash = nameOrPath.contains("/")
        let ending = extensions.first { nameOrPath.lowercased().hasSuffix("." + $0) }
        if isDirectory(nameOrPath), hasSlash || ending != nil || nameOrPath == "." {
            return try taskFile(in: nameOrPath)
        }
        let url = URL(fileURLWithPath: nameOrPath)
        let isData = DataFormat(fileName: nameOrPath) != nil
        if hasSlash || ending != nil || isData {
            if isFile(url) { return url }
            if hasSlash || isData { throw FileError.missing(path: nameOrPath) }
        }
        let isName =
            !nameOrPath.isEmpty && !nameOrPath.hasPrefix(".")
            && !nameOrPath.unicodeScalars.contains { $0.value < 0x20 }
        let name = ending.map { String(nameOrPath.dropLast($0.count + 1)) } ?? nameOrPath
        for directory in searchPaths where isName {
            for ending in extensions {
                let url = directory.appendingPathComponent("tasks/\(name).\(ending)")
                if isFile(url) { return url }
            }
        }
        if isDirectory(nameOrPath) { return try taskFile(in: nameOrPath) }
        if isName, isFile(url) { return url }
        let found = names(searchPaths: searchPaths)
        throw TaskError.unknownTask(
            name: nameOrPath, searched: searchPaths.map { $0.appendingPathComponent("tasks").path },
            found: found, suggestion: closestMatch(to: name, in: found))
    }

    /// Names of all tasks under the search paths, sorted.
    public static func names(searchPaths: [URL]) -> [String] {
        var names: Set<String> = []
        for directory in searchPaths {
            let tasks = directory.appendingPathComponent("tasks").path
            let files = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
            for file in files.map({ URL(fileURLWithPath: $0) })
            where extensions.contains(file.pathExtension.lowercased()) {
                names.insert(file.deletingPathExtension().lastPathComponent)
            }
        }
        return names.sorted()
    }

    /// Whether a file describes a task; others are data.
    package static func isTaskFile(_ url: URL) -> Bool {
        extensions.contains(url.pathExtension.lowercased()) && !isDirectory(url.path)
    }

    /// The name of a task file, a data file or a directory, without endings: `messages` of
    /// `messages.csv.gz`.
    public static func stem(of url: URL) -> String {
        let name = url.lastPathComponent
        guard !isDirectory(url.path) else { return url.standardizedFileURL.lastPathComponent }
        let plain = name.lowercased().hasSuffix(".gz") ? String(name.dropLast(3)) : name
        let stem = (plain as NSString).deletingPathExtension
        return stem.isEmpty ? name : stem
    }

    static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    private static func taskFile(in directory: String) throws -> URL {
        let url = URL(fileURLWithPath: directory, isDirectory: true)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        let found = names.filter { name in
            extensions.contains { name.lowercased().hasSuffix("." + $0) } && !name.hasPrefix(".")
        }.sorted()
        let usual = found.first { ["task.yml", "task.yaml"].contains($0) }
        if found.isEmpty, directory != "..", try DirectoryGuess(url).isPromising { return url }
        guard let name = usual ?? (found.count == 1 ? found[0] : nil) else {
            throw TaskError.noTaskFile(directory: directory, found: found)
        }
        return url.appendingPathComponent(name)
    }

    private static func isFile(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && !isDirectory.boolValue
    }
}
