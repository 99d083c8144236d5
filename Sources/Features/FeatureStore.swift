import Foundation
import Support

/// The files of the feature cache: how many there are, and which can go.
///
/// Whoever reads an entry holds a shared lock on it, so one that is in use is never removed. When an
/// entry was used last is the time of the note beside it (`.verified`), or its own.
public struct FeatureStore: Sendable {
    /// An entry, or what is left of one that was never finished.
    public struct Entry: Sendable, Hashable {
        /// The file.
        public let url: URL
        /// Its size.
        public let bytes: Int
        /// When it was read or written last.
        public let lastUsed: Date
    }

    /// What was removed, and what was not.
    public struct Removal: Sendable, Hashable, Encodable {
        /// Entries that were removed.
        public var removed = 0
        /// Their bytes.
        public var bytes = 0
        /// Entries that stay because a program uses them.
        public var inUse = 0
    }

    /// Where the entries are.
    public let directory: URL

    public init(_ directory: URL = FeatureCache.directory) { self.directory = directory }

    /// The most bytes that are kept: `KNAS_CACHE_LIMIT`, by default 10 GB; `nil` where the variable
    /// is `none`.
    /// - Throws: `BadOption`.
    public static func limit() throws -> Int? {
        guard let text = Places.variable("KNAS_CACHE_LIMIT") else { return 10_000_000_000 }
        if text == "none" { return nil }
        guard let size = ByteSize(text) else {
            throw BadOption(
                name: "KNAS_CACHE_LIMIT", value: text,
                expected: "a size such as 10GB or 500MB, or none")
        }
        return size.bytes
    }

    /// All entries, those first that were not used for the longest time.
    public func entries() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.compactMap { name in
            let url = directory.appendingPathComponent(name)
            guard name.hasSuffix(".safetensors") || Self.isUnfinished(name),
                let entry = Self.status(url)
            else { return nil }
            let note = Self.status(FeatureFile.note(of: url))
            let used = max(Self.changed(entry), note.map(Self.changed) ?? .distantPast)
            return Entry(url: url, bytes: Int(entry.st_size), lastUsed: used)
        }.sorted { ($0.lastUsed, $0.url.path) < ($1.lastUsed, $1.url.path) }
    }

    /// Removes entries that were not used since a time; those in use stay.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    public func removeAll(unusedSince time: Date? = nil) throws -> Removal {
        var removal = Removal()
        for entry in entries() where time.map({ entry.lastUsed < $0 }) ?? true {
            try remove(entry, &removal)
        }
        return removal
    }

    /// Keeps the entries to a limit after some were written, by looking through them only now and
    /// then: the first time in a process, and whenever a hundredth of the limit was added.
    static func added(_ bytes: Int, to directory: URL) throws {
        guard let limit = try limit() else { return }
        let isTime = written.withLock { written in
            guard let before = written[directory.path], before + bytes < limit / 100 else {
                written[directory.path] = 0
                return true
            }
            written[directory.path] = before + bytes
            return false
        }
        // If others cannot be removed, those that were asked for are there all the same.
        if isTime { _ = try? FeatureStore(directory).trim(to: limit - limit / 100) }
    }

    /// Bytes that this process has added to a directory since it looked through it.
    private static let written = Guarded<[String: Int]>([:])

    /// Removes entries until the others take no more than the limit: those first that were not used
    /// for the longest time.
    /// - Throws: ``FileError/notWritable(path:reason:)``.
    @discardableResult
    public func trim(to limit: Int) throws -> Removal {
        let entries = entries()
        var left = entries.reduce(0) { $0 + $1.bytes }
        var removal = Removal()
        for entry in entries where left > limit {
            let before = removal.bytes
            try remove(entry, &removal)
            left -= removal.bytes - before
        }
        return removal
    }

    private func remove(_ entry: Entry, _ removal: inout Removal) throws {
        let descriptor = open(entry.url.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw FileError.notWritable(path: entry.url.path, reason: FileError.systemReason)
        }
        defer { close(descriptor) }
        // Unfinished files have a name only for an instant, or since a program was killed.
        let isInUse =
            flock(descriptor, LOCK_EX | LOCK_NB) != 0
            || Self.isUnfinished(entry.url.lastPathComponent)
                && Date().timeIntervalSince(entry.lastUsed) < 3_600
        guard !isInUse else {
            removal.inUse += 1
            return
        }
        guard unlink(entry.url.path) == 0 || errno == ENOENT else {
            throw FileError.notWritable(path: entry.url.path, reason: FileError.systemReason)
        }
        unlink(FeatureFile.note(of: entry.url).path)
        removal.removed += 1
        removal.bytes += entry.bytes
    }

    /// A temporary name of `AtomicFile`.
    private static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".tmp")
    }

    private static func status(_ url: URL) -> stat? {
        var status = stat()
        return lstat(url.path, &status) == 0 ? status : nil
    }

    private static func changed(_ status: stat) -> Date { FileStamp(status).changed }
}

/// A value behind a lock.
private final class Guarded<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        lock.withLock { body(&value) }
    }
}
