import Foundation
import Support

/// The finished heads of a study, a JSON line each, so that an interrupted study goes on where it was.
///
/// The first line tells which study it is; a torn last line is dropped.
final class StudyJournal: @unchecked Sendable {
    private let lock = NSLock()
    private let handle: FileHandle
    /// Heads that were finished before, by index.
    let finished: [Int: HeadRecord]

    private struct Identity: Codable, Equatable {
        let study: String
    }

    /// Most bytes that are read back: a head takes about a kilobyte.
    private static let maximumBytes = 256 << 20

    /// - Parameter repeats: trainings of each head; records with others are of no use and are dropped.
    /// - Throws: ``FileError``, ``CorrelationError/otherStudy(path:)``.
    init(_ url: URL, identity: String, repeats: Int, resume: Bool) throws {
        var known: [Int: HeadRecord] = [:]
        var kept = Data()
        if resume, let file = try? MappedFile(url) {
            guard file.count <= Self.maximumBytes else {
                throw CorrelationError.otherStudy(path: url.path)
            }
            let data = Data(file.bytes)
            let lines = data.split(separator: 0x0A)
            let decoder = JSONDecoder()
            if let first = lines.first {
                guard let found = try? decoder.decodeChecked(Identity.self, from: first),
                    found == Identity(study: identity)
                else { throw CorrelationError.otherStudy(path: url.path) }
            }
            for line in lines.dropFirst() {
                guard let record = try? decoder.decodeChecked(HeadRecord.self, from: line),
                    record.isSound(repeats: repeats)
                else { continue }
                known[record.index] = record
                kept += line + [0x0A]
            }
        }
        finished = known
        let header = try JSONEncoder().encode(Identity(study: identity)) + [0x0A]
        try AtomicFile.write(header + kept, to: url)
        do {
            handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
        } catch {
            throw FileError.notWritable(path: url.path, reason: error.localizedDescription)
        }
    }

    func append(_ record: HeadRecord) throws {
        let line = try JSONEncoder().encode(record) + [0x0A]
        try lock.withLock { try handle.write(contentsOf: line) }
    }
}
