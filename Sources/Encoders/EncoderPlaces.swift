import Foundation
import Support

/// Where encoders lie that models were made on by a path instead of an installed name.
///
/// A model names its encoder and knows its digest; where on this machine the encoder lies is no
/// business of the model's. It is remembered in the cache, under the digest. Copies of one encoder
/// have a note each: where one is deleted, or two processes remember at once, none is forgotten.
package enum EncoderPlaces {
    package static var standard: URL { Places.cache.appendingPathComponent("encoders-seen") }

    /// Remembers where an encoder lies, if it is not installed.
    package static func remember(_ encoder: Encoder) {
        let place = encoder.directory.standardizedFileURL
        let isInstalled =
            place.deletingLastPathComponent().path
            == EncoderStore.directory.standardizedFileURL.path
        guard !isInstalled else { return }
        remember(place, digest: encoder.digest)
    }

    /// Remembers where an encoder of this digest lies, and forgets places where there is none now. A
    /// cache that cannot be written only means that the user will be asked for `--encoder`.
    /// - Parameter notes: the directory of what is remembered.
    package static func remember(_ place: URL, digest: String, in notes: URL = standard) {
        guard directory(ofDigest: digest, in: notes)?.path != place.path else { return }
        for note in self.notes(digest, in: notes) where self.place(note) == nil {
            try? FileManager.default.removeItem(at: note)
        }
        var name = DigestBuilder()
        name.add(place.path)
        try? AtomicFile.write(
            place.path,
            to: notes.appendingPathComponent("\(digest)-\(name.hexadecimal().prefix(16))"))
    }

    /// Where an encoder was seen last; `nil` where nothing is known, or it is no longer there. What
    /// lies there now may be another one: its digest says.
    /// - Parameter notes: the directory of what is remembered.
    package static func directory(ofDigest digest: String, in notes: URL = standard) -> URL? {
        func age(_ note: URL) -> Date {
            (try? note.resourceValues(forKeys: [.contentModificationDateKey]))?
                .contentModificationDate ?? .distantPast
        }
        return self.notes(digest, in: notes).map { ($0, age($0)) }
            .sorted { $0.1 > $1.1 }.lazy.compactMap { place($0.0) }.first
    }

    private static func notes(_ digest: String, in notes: URL) -> [URL] {
        guard digest.allSatisfy(\.isHexDigit), !digest.isEmpty else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: notes.path)) ?? []
        return names.filter { $0.hasPrefix(digest) }.sorted().map(notes.appendingPathComponent)
    }

    /// The encoder's directory that a note tells of, if one is there.
    private static func place(_ note: URL) -> URL? {
        guard let path = try? String(contentsOf: note, encoding: .utf8) else { return nil }
        let place = URL(fileURLWithPath: path, isDirectory: true)
        let configuration = place.appendingPathComponent("config.json").path
        return FileManager.default.fileExists(atPath: configuration) ? place : nil
    }
}
