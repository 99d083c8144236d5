import Foundation
import TestSupport
import Testing

/// `knas encoder install hf:...` against a server of the tests' own that speaks the hub's protocol.
@Suite("Encoders from a hub")
struct HubInstallTests {
    /// The server, and a home for each test.
    private final class Hub {
        let directory: URL
        let workspace: Workspace
        private let process = Process()
        private let input = Pipe()
        private let port: String

        init() throws {
            workspace = try Workspace()
            directory = workspace.directory.appendingPathComponent("hub")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: workspace.encoder, to: directory.appendingPathComponent("files"))
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("hub_server.py")
            process.arguments = ["python3", script.path, directory.path]
            let output = Pipe()
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            let line = String(
                decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            port = String(try #require(line.split(separator: " ").first))
        }

        deinit {
            process.terminate()
            workspace.remove()
        }

        var home: URL { workspace.directory.appendingPathComponent("home") }
        var requests: [String] {
            let log = directory.appendingPathComponent("requests.log")
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init)
        }

        func install(
            _ source: String, endpoint: String? = nil
        ) throws -> (code: Int32, output: String) {
            let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
                .deletingLastPathComponent().appendingPathComponent("knas")
            return try Process.runToEnd(
                program, ["encoder", "install", source],
                environment: [
                    "KNAS_HOME": home.path, "HF_ENDPOINT": endpoint ?? "http://127.0.0.1:\(port)",
                    "HF_HOME": workspace.directory.appendingPathComponent("hf").path,
                    "HF_TOKEN": "secret", "HF_HUB_DOWNLOAD_TIMEOUT": "3", "HF_HUB_CACHE": "",
                ])
        }

        var blobs: [String] {
            let url = workspace.directory.appendingPathComponent("hf/hub")
            return (FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String })
                ?? []
        }
    }

    @Test(
        "a repository is installed; the token goes to the hub alone; what is cached is not fetched")
    func good() throws {
        let hub = try Hub()
        let first = try hub.install("hf:good/tiny")
        #expect(first.code == 0, "\(first.output)")
        let weights = hub.home.appendingPathComponent("encoders/tiny/model.safetensors")
        #expect(
            try Data(contentsOf: weights)
                == Data(
                    contentsOf: hub.workspace.encoder.appendingPathComponent(
                        "model.safetensors")))
        let elsewhere = hub.requests.filter { $0.hasPrefix("other") }
        #expect(!elsewhere.isEmpty)
        #expect(elsewhere.allSatisfy { !$0.contains("secret") })
        #expect(hub.requests.contains { $0.hasPrefix("hub") && $0.contains("Bearer secret") })
        #expect(hub.blobs.contains { $0.hasPrefix("models--good--tiny/refs/main") })

        let count = hub.requests.count
        let again = try hub.install("hf:good/tiny@v1")
        #expect(again.code == 0, "\(again.output)")
        // The listing alone: every file is in the cache.
        #expect(hub.requests.count == count + 1)
        let offline = try hub.install("hf:good/tiny", endpoint: "http://127.0.0.1:9")
        #expect(offline.code == 0, "\(offline.output)")
    }

    @Test("a download continues after its connection was cut")
    func cut() throws {
        let hub = try Hub()
        let answer = try hub.install("hf:cut/tiny")
        #expect(answer.code == 0, "\(answer.output)")
        #expect(hub.requests.contains { $0.contains("bytes=") }, "\(hub.requests)")
    }

    @Test(
        "what goes wrong is said, and nothing is installed",
        arguments: [
            ("hf:forged/tiny", 65, "hash"), ("hf:gated/tiny", 66, "HF_TOKEN"),
            ("hf:forbidden/tiny", 66, "terms"), ("hf:good/missing", 66, "no model"),
            ("hf:good/tiny@v2", 66, "v2"), ("hf:evil/tiny", 65, "leads out"),
            ("hf:pickle/tiny", 65, "pickles"), ("hf:silent/tiny", 66, "cannot be reached"),
            ("hf:tiny", 64, "hf:OWNER/NAME"), ("hf:../tiny", 64, "hf:OWNER/NAME"),
        ])
    func faults(_ source: String, _ code: Int, _ said: String) throws {
        let hub = try Hub()
        let answer = try hub.install(source)
        #expect(Int(answer.code) == code, "\(answer.output)")
        // A wrong token and a missing one are told apart; here there is one.
        #expect(
            answer.output.contains(said) || (said == "HF_TOKEN" && answer.output.contains("token")),
            "\(answer.output)")
        #expect(
            !FileManager.default.fileExists(
                atPath: hub.home.appendingPathComponent("encoders/tiny").path))
        #expect(!hub.blobs.contains { $0.contains("evil.json") })
    }
}
