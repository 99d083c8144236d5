import Foundation
import Support

/// What a directory means as a task: folders named after classes with a file for each text, above them
/// perhaps folders named after splits; or data files named after splits.
struct DirectoryGuess {
    private let url: URL
    private let name: String

    private static let splits: [(split: Split, names: [String])] = [
        (.train, ["train", "training"]),
        (.dev, ["dev", "valid", "validation", "val", "development"]),
        (.test, ["test", "testing"]),
    ]

    init(_ url: URL) throws {
        // "." and ".." have no name of their own.
        self.url = url.standardizedFileURL
        name = self.url.lastPathComponent
    }

    /// - Throws: ``TaskError``, `FileError`.
    func guess(_ options: DataFileOptions) throws -> TaskGuess {
        let entries = try ClassFolders.entries(of: url)
        let names = entries.filter(\.isDirectory).map(\.name)
        let train = names.filter { Self.split(of: $0) == .train }
        if let first = train.first, try !ClassFolders(url.appendingPathComponent(first)).isEmpty {
            return try folders(options, splits: names)
        }
        let data = entries.filter { !$0.isDirectory && DataFormat(fileName: $0.name) != nil }
            .map(\.name)
        if !data.isEmpty { return try files(data, options) }
        let classes = try ClassFolders(url)
        guard !classes.isEmpty else {
            throw TaskError.noTaskFile(directory: url.path, found: [])
        }
        return try folders(options, splits: [])
    }

    /// Whether there is anything that looks like the data of a task.
    /// - Throws: `FileError`.
    var isPromising: Bool {
        get throws {
            let entries = try ClassFolders.entries(of: url)
            let isNamed = entries.contains {
                $0.isDirectory
                    ? Self.split(of: $0.name) == .train : DataFormat(fileName: $0.name) != nil
            }
            return try isNamed || !ClassFolders(url).isEmpty
        }
    }

    private static func split(of name: String) -> Split? {
        let name = name.lowercased()
        return splits.first { $0.names.contains(name) }?.split
    }

    // MARK: Class folders

    private func folders(_ options: DataFileOptions, splits names: [String]) throws -> TaskGuess {
        if let (option, value) = options.given.first(where: {
            ["--text", "--pair", "--label"].contains($0.option)
        }) {
            throw BadOption(
                name: option, value: value,
                expected: "nothing for class folders: a text is a file, its label the folder's name"
            )
        }
        func folder(_ split: Split) -> String? {
            names.first { Self.split(of: $0) == split }.map { name + "/" + $0 }
        }
        func source(_ split: Split, _ given: [String], _ share: Double) -> TaskDefinition.Source {
            guard given.isEmpty, let folder = folder(split) else {
                return TaskGuess.source(given, share)
            }
            return .files([folder])
        }
        let train = folder(.train) ?? name
        var definition = TaskDefinition(
            url: url, name: TaskGuess.name(name), train: [train],
            dev: source(.dev, options.dev, TaskGuess.devShare),
            test: source(.test, options.test, TaskGuess.testShare),
            columns: ClassFolders.columns, format: .folders)
        let found = try ClassFolders(definition.location(of: train, dataDirectory: nil))
        definition.guess =
            [
                "\(train): class folders with a text in each file: "
                    + found.classes.prefix(6).map { "\($0.name.excerpt) \($0.files.count)" }
                    .joined(separator: ", ") + (found.classes.count > 6 ? ", ..." : "")
            ] + (try found.examples()) + [Self.splits(definition)]
        return TaskGuess(definition)
    }

    private static func splits(_ definition: TaskDefinition) -> String {
        func files(_ source: TaskDefinition.Source) -> [String] {
            if case .files(let files) = source { files } else { [] }
        }
        return TaskGuess.splits(
            DataFileOptions(dev: files(definition.dev), test: files(definition.test)))
    }

    // MARK: Files named after splits

    private func files(_ names: [String], _ options: DataFileOptions) throws -> TaskGuess {
        var found: [Split: [String]] = [:]
        for file in names {
            let stem = TaskLocator.stem(of: URL(fileURLWithPath: "/" + file))
            if let split = Self.split(of: stem) { found[split, default: []].append(file) }
        }
        let train = found[.train] ?? (names.count == 1 ? names : [])
        guard train.count == 1 else {
            throw TaskError.guess(
                path: url.path,
                problem: "expected class folders, or a file named train with the rows; there "
                    + (names.count == 1 ? "is " : "are ")
                    + names.prefix(20).map(\.excerpt).joined(separator: ", "),
                advice: [])
        }
        var options = options
        var more: [String] = []
        for split in [Split.dev, .test] {
            let given = split == .dev ? options.dev : options.test
            guard given.isEmpty, let files = found[split], files.count == 1 else { continue }
            let file = url.appendingPathComponent(files[0])
            if let problem = try unlabelled(
                file, like: url.appendingPathComponent(train[0]), options)
            {
                more.append("\(files[0]) is not used: \(problem)")
                continue
            }
            if split == .dev { options.dev = [file.path] } else { options.test = [file.path] }
        }
        return try TaskGuess(
            file: url.appendingPathComponent(train[0]), name: name, options, more: more)
    }

    /// Why a file beside train has no rows to judge by, as test files of competitions have none; `nil` where
    /// it has.
    private func unlabelled(_ file: URL, like train: URL, _ options: DataFileOptions) throws
        -> String?
    {
        let columns = try ColumnRoles(TableProfile(train), options).columns
        let table = try TableProfile(file)
        guard let label = table.columns.first(where: { $0.name == columns.label }) else {
            return "it has no column `\(columns.label.excerpt)`"
        }
        return label.distinct < 2 ? "its column `\(columns.label.excerpt)` has no labels" : nil
    }
}
