import Foundation
import Support

/// Downloads an encoder's files from a Hugging Face hub into the hub's cache and returns their
/// directory.
///
/// Files that are already there are used; an interrupted download resumes where it stopped; sizes
/// and hashes are checked before a file gets its name.
struct HubDownload {
    let reference: HubReference
    let settings: HubSettings
    let log: (String) -> Void
    private let cache: HubCache
    /// Dropped connections after which a file counts as unreachable.
    private static let attempts = 4

    init(_ reference: HubReference, _ settings: HubSettings, log: @escaping (String) -> Void) {
        self.reference = reference
        self.settings = settings
        self.log = log
        cache = HubCache(reference, settings)
    }

    /// - Returns: the snapshot's directory.
    /// - Throws: ``HubError``, `FileError`.
    func run() throws -> URL {
        let listing: HubListing
        do {
            listing = try list()
        } catch let error as HubError {
            // Without a network, a complete earlier download will do.
            guard case .unreachable = error, let commit = cache.commit(reference.revision),
                isComplete(commit)
            else { throw error }
            log("\(settings.endpoint.host ?? "the hub") cannot be reached: using what is cached")
            return cache.snapshot(commit)
        }
        let small = try listing.smallFiles(reference.id)
        for file in small { try fetch(file, listing.commit) }
        var index: Data?
        if small.contains(HubListing.index) {
            let place = cache.snapshot(listing.commit).appendingPathComponent(HubListing.index)
            index = try? Data(contentsOf: place)
        }
        for file in try listing.weightFiles(reference.id, index: index) {
            try fetch(file, listing.commit)
        }
        try cache.note(reference.revision, is: listing.commit)
        return cache.snapshot(listing.commit)
    }

    private func isComplete(_ commit: String) -> Bool {
        let files = cache.files(commit)
        guard let listing = try? HubListing(commit: commit, files: files) else { return false }
        guard (try? listing.smallFiles(reference.id)) != nil else { return false }
        let place = cache.snapshot(commit).appendingPathComponent(HubListing.index)
        let index = files.contains(HubListing.index) ? try? Data(contentsOf: place) : nil
        return (try? listing.weightFiles(reference.id, index: index)) != nil
    }

    private func list() throws -> HubListing {
        let url = settings.endpoint
            .appendingPathComponent("api/models/\(reference.id)/revision/\(reference.revision)")
        let answer = try HubTransfer.run("GET", url, settings)
        try check(answer.status, url, "model \(reference.id) at revision \(reference.revision)")
        return try HubListing(answer.body, repository: reference.id, url: url)
    }

    private func check(_ status: Int, _ url: URL, _ what: String) throws {
        switch status {
        case 200...299, 302, 307, 308: return
        case 401, 403:
            throw HubError.refused(
                repository: reference.id, status: status, hasToken: settings.token != nil)
        case 404: throw HubError.notFound(repository: reference.id, what: what)
        default:
            throw HubError.badAnswer(
                url: url.absoluteString, reason: "the hub answers with status \(status)")
        }
    }

    /// Downloads one file into the snapshot.
    private func fetch(_ file: String, _ commit: String) throws {
        let place = cache.snapshot(commit).appendingPathComponent(file)
        if FileManager.default.fileExists(atPath: place.path) { return }
        let url = settings.endpoint
            .appendingPathComponent("\(reference.id)/resolve/\(commit)/\(file)")
        let head = try HubTransfer.run("HEAD", url, settings, followsElsewhere: false)
        try check(head.status, url, "file \(file)")
        let tag = head.headers["x-linked-etag"] ?? head.headers["etag"] ?? ""
        var hash = tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag
        hash = hash.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        guard [40, 64].contains(hash.count), hash.allSatisfy({ $0.isASCII && $0.isHexDigit })
        else {
            throw HubError.badAnswer(
                url: url.absoluteString, reason: "the answer's ETag has no hash")
        }
        let size = (head.headers["x-linked-size"] ?? head.headers["content-length"])
            .flatMap(Int.init)
        let blob = cache.blob(hash)
        if !FileManager.default.fileExists(atPath: blob.path) {
            try FileError.createDirectory(blob.deletingLastPathComponent())
            try download(file, url, to: blob, hash: hash, size: size)
        }
        try cache.link(file, of: commit, to: hash)
    }

    private func download(
        _ file: String, _ url: URL, to blob: URL, hash: String, size: Int?
    ) throws {
        let part = blob.appendingPathExtension("incomplete")
        let manager = FileManager.default
        let megabytes = size.map { ", \(max(1, $0 / 1_000_000)) MB" } ?? ""
        log("downloading \(file)\(megabytes)")
        for attempt in 1...Self.attempts {
            let sink = try PartFile(part)
            let start = sink.size
            if let size, start == size { break }
            if let size, start > size { try sink.empty() }
            var meter = Meter(start: start, size: size, file: file, log: log)
            do {
                let answer = try HubTransfer.run(
                    "GET", url, settings, range: start <= (size ?? .max) ? start : 0, sink: sink,
                    onBytes: { meter.add($0) })
                if answer.status == 416 {
                    try sink.empty()
                    continue
                }
                try check(answer.status, url, "file \(file)")
                // A server that closes the connection early may look like one that is done.
                if let size, sink.size < size, attempt < Self.attempts { continue }
                break
            } catch let error as HubError {
                guard case .unreachable = error, attempt < Self.attempts else { throw error }
                log("the connection was dropped: resuming")
            }
        }
        try verify(file, part, hash: hash, size: size)
        try FileError.writing(blob) { try manager.moveItem(at: part, to: blob) }
    }

    private func verify(_ file: String, _ part: URL, hash: String, size: Int?) throws {
        let attributes = try? FileManager.default.attributesOfItem(atPath: part.path)
        let found = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        if let size, found != size {
            // A file that is too short may be resumed later; one that is too long can only be
            // wrong.
            if found > size { try? FileManager.default.removeItem(at: part) }
            throw HubError.wrongSize(file: file, expected: size, found: found)
        }
        let own =
            hash.count == 64
            ? try FileHash.sha256(part) : try FileHash.gitBlob(part, size: found)
        guard own == hash.lowercased() else {
            try? FileManager.default.removeItem(at: part)
            throw HubError.wrongHash(file: file, expected: hash, found: own)
        }
    }

    /// Reports every tenth of a large file.
    private struct Meter {
        private var bytes: Int
        private var tenths: Int
        private let size: Int?
        private let file: String
        private let log: (String) -> Void

        init(start: Int, size: Int?, file: String, log: @escaping (String) -> Void) {
            bytes = start
            self.size = size
            self.file = file
            self.log = log
            tenths = size.map { $0 > 0 ? 10 * start / $0 : 0 } ?? 0
        }

        mutating func add(_ count: Int) {
            bytes += count
            guard let size, size > 20_000_000, 10 * bytes / size > tenths else { return }
            tenths = 10 * bytes / size
            log("\(file): \(10 * tenths) %")
        }
    }
}

extension HubListing {
    /// The files that a snapshot in the cache has.
    fileprivate init(commit: String, files: [String]) throws {
        self.commit = commit
        self.files = files
    }
}
