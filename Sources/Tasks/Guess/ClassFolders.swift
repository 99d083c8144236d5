import Foundation
import Support

/// Folders named after classes, with a file for each text: what `format: folders` reads.
///
/// Hidden files and what lies deeper are passed over, and so are folders of texts without a class, such as
/// `unsup`. Order is that of names, by their bytes.
struct ClassFolders {
    /// A class and its files, sorted.
    struct Class {
        let name: String
        let files: [URL]
    }

    let classes: [Class]
    /// What was passed over, for people.
    let notes: [String]

    /// What messages and digests call the columns.
    static let columns = TaskDefinition.Columns(text: "text", pair: nil, label: "folder")
    private static let unlabelled: Set<String> = [
        "unsup", "unlabeled", "unlabelled", "unsupervised", "unlabeled_data", "unknown_label",
    ]

    /// Whether a file's name is that of a text: it ends in .txt, or is a number as in 20 Newsgroups.
    private static func isText(_ name: String) -> Bool {
        let name = name.lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        return plain.hasSuffix(".txt") || plain.hasSuffix(".text")
            || plain.allSatisfy { $0.isNumber || "-_.".contains($0) }
    }

    /// Something in a directory that is not hidden.
    struct Entry {
        let name: String
        let isDirectory: Bool
    }

    /// What a directory holds, sorted by bytes of names.
    /// - Throws: `FileError`.
    static func entries(of directory: URL) throws -> [Entry] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            guard FileManager.default.fileExists(atPath: directory.path) else {
                throw FileError.missing(path: directory.path)
            }
            throw FileError.notReadable(
                path: directory.path, reason: "expected a directory that can be listed")
        }
        return names.filter { !$0.hasPrefix(".") }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { name in
                Entry(
                    name: name,
                    isDirectory: TaskLocator.isDirectory(
                        directory.appendingPathComponent(name).path))
            }
    }

    /// - Throws: `FileError`.
    init(_ directory: URL) throws {
        var classes: [Class] = []
        var notes: [String] = []
        for entry in try Self.entries(of: directory) where entry.isDirectory {
            let folder = directory.appendingPathComponent(entry.name)
            let all = try Self.entries(of: folder).filter { !$0.isDirectory }
            let files = all.filter { Self.isText($0.name) }
            if files.count < all.count {
                notes.append(
                    "\(folder.path): \(all.count - files.count) of \(all.count) files are not read: "
                        + "their names do not end in .txt")
            }
            // A folder of programs with a licence among them is no class.
            if files.count * 2 <= all.count { continue }
            if Self.unlabelled.contains(entry.name.lowercased()) {
                notes.append("\(folder.path) is not read: its \(files.count) texts have no class")
                continue
            }
            classes.append(
                Class(name: entry.name, files: files.map { folder.appendingPathComponent($0.name) })
            )
        }
        self.classes = classes
        self.notes = notes
    }

    /// Whether there are not two classes.
    var isEmpty: Bool { classes.count < 2 }

    /// The beginning of a text of each of the first classes, for people.
    func examples() throws -> [String] {
        try classes.prefix(3).map { one in
            let file = try DataFile(one.files[0])
            let text = file.withUnsafeBytes { bytes in
                String(decoding: bytes.prefix(400), as: UTF8.self)
            }
            return "  \(one.name.excerpt): \(RowRules.trimmed(text).excerpt)"
        }
    }
}

/// The rows of class folders.
struct FolderRowReader {
    private let files: [(label: String, url: URL)]
    private let maximumBytes: Int
    private var place = 0
    /// SHA-256 of all texts read so far and their classes.
    private(set) var digest = DigestBuilder()
    /// The file of the row that was read last.
    private(set) var path = ""

    init(_ folders: ClassFolders, maximumBytes: Int) {
        files = folders.classes.flatMap { one in one.files.map { (one.name, $0) } }
        self.maximumBytes = maximumBytes
    }

    /// The row of the next file; `nil` at the end.
    /// - Throws: `FileError`; ``TaskError`` for a file that is not text.
    mutating func nextFile() throws -> RowOutcome? {
        guard place < files.count else { return nil }
        let (label, url) = files[place]
        place += 1
        path = url.path
        let file = try DataFile(url)
        return file.withUnsafeBytes { read($0, label) }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ label: String) -> RowOutcome {
        digest.add(label)
        digest.add(Data(bytes))
        let start = Bytes.afterMark(bytes)
        var record = Record(line: 1, range: start..<bytes.count)
        if record.range.count > maximumBytes {
            record.problem = (nil, .tooLong(limit: maximumBytes))
        }
        if let problem = DelimitedRowReader<TSVTokenizer>.problem(with: record, in: bytes) {
            return .bad(line: 1, column: nil, reason: problem.reason)
        }
        let text = Bytes.text(Bytes.trim(record.range, in: bytes), in: bytes)
        if let reason = RowRules.fault(ofText: text) {
            return .bad(line: 1, column: nil, reason: reason)
        }
        return .row(line: 1, RowFields(text: text, pair: nil, label: .text(label)))
    }
}
