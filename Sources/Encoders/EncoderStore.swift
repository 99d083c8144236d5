import Foundation
import Support

/// Installed encoders: the directory `encoders` in ``Places/encoders``. It is read only, but by
/// `knas encoder install`.
public enum EncoderStore {
    public static let defaultName = "multilingual-e5-small"

    /// The directory of installed encoders.
    public static var directory: URL { Places.encoders.appendingPathComponent("encoders") }

    /// The directory of an installed encoder, or of a path to one.
    /// - Throws: ``EncoderError/notInstalled(name:directory:suggestion:)``.
    public static func find(_ nameOrPath: String) throws -> URL {
        if isPath(nameOrPath) {
            let url = URL(fileURLWithPath: nameOrPath)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw FileError.missing(path: url.path)
            }
            return url
        }
        let url = directory.appendingPathComponent(nameOrPath)
        guard isEncoder(url) else {
            // A directory here, as in `--encoder my-encoder`.
            let here = URL(fileURLWithPath: nameOrPath, isDirectory: true)
            if isEncoder(here) { return here }
            // A name that can be installed is not a misspelling.
            let known = EncoderInstaller.names.contains(nameOrPath) ? [] : installed()
            throw EncoderError.notInstalled(
                name: nameOrPath, directory: url.path,
                suggestion: closestMatch(to: nameOrPath, in: known + EncoderInstaller.names))
        }
        return url
    }

    /// Names of installed encoders, sorted.
    public static func installed() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        // Names that begin with a dot are those of installations that were not finished.
        return names.filter {
            !$0.hasPrefix(".") && isEncoder(directory.appendingPathComponent($0))
        }.sorted()
    }

    /// What a model calls an encoder: its name, or the last part of a path to it.
    public static func shortName(_ nameOrPath: String) -> String {
        isPath(nameOrPath)
            ? URL(fileURLWithPath: nameOrPath).standardizedFileURL.lastPathComponent : nameOrPath
    }

    private static func isPath(_ text: String) -> Bool {
        text.contains("/") || text.hasPrefix(".")
    }

    private static func isEncoder(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path)
    }
}
