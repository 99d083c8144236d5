import Foundation
import Support

/// Where encoders lie that models were made on by a path instead of an installed name.
///
/// A model names its encoder and knows its digest; where on this machine the encoder lies is no
/// business of the model's. It is remembered in the cache, under the digest.
package enum EncoderPlaces {
    private static func file(_ digest: String) -> URL {
        Places.cache.appendingPathComponent("encoders-seen").appendingPathComponent(digest)
    }

    /// Remembers where an encoder lies, if it is not installed. A cache that cannot be written only
    /// means that the user will be asked for `--encoder`.
    package static func remember(_ encoder: Encoder) {
        let place = encoder.directory.standardizedFileURL
        let isInstalled =
            place.deletingLastPathComponent().path
            == EncoderStore.directory.standardizedFileURL.path
        guard !isInstalled, directory(ofDigest: encoder.digest)?.path != place.path else { return }
        try? AtomicFile.write(place.path, to: file(encoder.digest))
    }

    /// Where an encoder was seen last; `nil` where nothing is known, or it is no longer there. What
    /// lies there now may be another one: its digest says.
    package static func directory(ofDigest digest: String) -> URL? {
        guard digest.allSatisfy(\.isHexDigit), !digest.isEmpty,
            let path = try? String(contentsOf: file(digest), encoding: .utf8)
        else { return nil }
        let place = URL(fileURLWithPath: path, isDirectory: true)
        let configuration = place.appendingPathComponent("config.json").path
        return FileManager.default.fileExists(atPath: configuration) ? place : nil
    }
}
