import Foundation
import Support

/// A repository's place in the hub's cache, laid out as by Hugging Face's own library, so each
/// finds the other's files: `refs/REVISION` names a commit, `snapshots/COMMIT/FILE` links to
/// `blobs/HASH`.
struct HubCache {
    let directory: URL

    init(_ reference: HubReference, _ settings: HubSettings) {
        directory = settings.cache.appendingPathComponent(
            "models--\(reference.owner)--\(reference.name)")
    }

    func snapshot(_ commit: String) -> URL {
        directory.appendingPathComponent("snapshots").appendingPathComponent(commit)
    }

    func blob(_ hash: String) -> URL {
        directory.appendingPathComponent("blobs").appendingPathComponent(hash)
    }

    /// The commit that a revision pointed to when it was last looked up.
    func commit(_ revision: String) -> String? {
        if HubListing.isCommit(revision) { return revision }
        let file = directory.appendingPathComponent("refs/\(revision)")
        let text = try? String(contentsOf: file, encoding: .utf8)
        return text.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .flatMap { HubListing.isCommit($0) ? $0 : nil }
    }

    /// - Throws: ``FileError``.
    func note(_ revision: String, is commit: String) throws {
        guard revision != commit else { return }
        let file = directory.appendingPathComponent("refs/\(revision)")
        try FileError.createDirectory(file.deletingLastPathComponent())
        try AtomicFile.write(commit, to: file)
    }

    /// Files of a snapshot, as paths inside it.
    func files(_ commit: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: snapshot(commit).path)?
            .compactMap { $0 as? String }
        return (found ?? []).sorted()
    }

    /// Puts a blob into a snapshot.
    /// - Throws: ``FileError``.
    func link(_ file: String, of commit: String, to hash: String) throws {
        let place = snapshot(commit).appendingPathComponent(file)
        try FileError.createDirectory(place.deletingLastPathComponent())
        let depth = file.split(separator: "/").count - 1
        let target = String(repeating: "../", count: depth + 2) + "blobs/\(hash)"
        try? FileManager.default.removeItem(at: place)
        try FileError.writing(place) {
            try FileManager.default.createSymbolicLink(
                atPath: place.path, withDestinationPath: target)
        }
    }
}
