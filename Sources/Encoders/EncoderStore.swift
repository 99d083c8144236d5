import Foundation
import Support

/// Where encoders and caches are kept: `$KNAS_HOME`, else `$XDG_CACHE_HOME/knas`, else
/// `~/.cache/knas`.
public enum EncoderStore {
    public static let defaultName = "multilingual-e5-small"

    /// The program's directory.
    public static var home: URL {
        let environment = ProcessInfo.processInfo.environment
        if let home = environment["KNAS_HOME"], !home.isEmpty { return URL(fileURLWithPath: home) }
        if let cache = environment["XDG_CACHE_HOME"], !cache.isEmpty {
            return URL(fileURLWithPath: cache).appendingPathComponent("knas")
        }
        return FileManager.default.homeDirectoryForCurrentUser
            .appendingPathComponent(".cache/knas")
    }

    /// The directory of installed encoders.
    public static var directory: URL { home.appendingPathComponent("encoders") }

    /// The directory of an installed encoder, or of a path to one.
    /// - Throws: ``EncoderError/notInstalled(name:directory:suggestion:)``.
    public static func find(_ nameOrPath: String) throws -> URL {
        if nameOrPath.contains("/") || nameOrPath.hasPrefix(".") {
            let url = URL(fileURLWithPath: nameOrPath)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw FileError.missing(path: url.path)
            }
            return url
        }
        let url = directory.appendingPathComponent(nameOrPath)
        guard
            FileManager.default.fileExists(
                atPath: url.appendingPathComponent("config.json").path)
        else {
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
        return names.filter {
            FileManager.default.fileExists(
                atPath: directory.appendingPathComponent($0).appendingPathComponent("config.json")
                    .path)
        }.sorted()
    }
}
