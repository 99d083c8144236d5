import Foundation
import Support

/// A repository on a Hugging Face hub, as `hf:OWNER/NAME[@REVISION]` names it.
struct HubReference: Equatable {
    static let scheme = "hf:"

    let owner: String
    let name: String
    /// A branch, a tag or a commit.
    let revision: String

    var id: String { "\(owner)/\(name)" }

    /// - Throws: ``HubError/badReference(text:)``.
    init(_ text: String) throws {
        guard text.hasPrefix(Self.scheme) else { throw HubError.badReference(text: text) }
        let body = text.dropFirst(Self.scheme.count)
        let parts = body.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy({ Self.isName($0) }),
            parts.count == 1 || Self.isRevision(parts[1])
        else { throw HubError.badReference(text: text) }
        owner = String(names[0])
        name = String(names[1])
        revision = parts.count == 2 ? String(parts[1]) : "main"
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.count <= 96 && !text.hasPrefix(".") && !text.hasPrefix("-")
            && !text.contains("..")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    private static func isRevision(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isName)
    }

    /// Whether a file's name in a listing stays inside the directory it is put in.
    static func isSafe(_ file: String) -> Bool {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        return !file.contains("\\") && !file.contains("\0")
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}

/// The hub's address, credentials and cache, from the environment variables of Hugging Face's own
/// library.
struct HubSettings {
    /// `HF_ENDPOINT`.
    let endpoint: URL
    /// `HF_TOKEN`, else the file `token` in `HF_HOME`.
    let token: String?
    /// `HF_HUB_CACHE`, else `hub` in `HF_HOME`, which is `~/.cache/huggingface` without it.
    let cache: URL
    /// Seconds without an answer, `HF_HUB_DOWNLOAD_TIMEOUT`.
    let timeout: Double

    /// - Throws: ``HubError/badEndpoint(text:)``.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let text = value("HF_ENDPOINT") ?? "https://huggingface.co"
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""),
            url.host != nil
        else { throw HubError.badEndpoint(text: text) }
        endpoint = url
        let home =
            value("HF_HOME").map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? value("XDG_CACHE_HOME").map {
                URL(fileURLWithPath: $0).appendingPathComponent("huggingface")
            }
            ?? Places.home
            .appendingPathComponent(".cache/huggingface")
        cache =
            value("HF_HUB_CACHE").map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? home.appendingPathComponent("hub")
        let stored = try? String(
            contentsOf: home.appendingPathComponent("token"), encoding: .utf8)
        token =
            value("HF_TOKEN")
            ?? stored?.trimmingCharacters(in: .whitespacesAndNewlines).nonEmpty
        timeout = value("HF_HUB_DOWNLOAD_TIMEOUT").flatMap(Double.init) ?? 20
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
