import Foundation
import Support

/// Digests of encoder directories. Hashing hundreds of megabytes takes a second, so a digest is
/// stored in the cache, with the size and time of every file.
enum EncoderDigest {
    private struct Entry: Codable {
        let stamp: String
        let digest: String
    }

    static func compute(directory: URL, tokenizer: String) throws -> String {
        let files = try weightFiles(directory)
        let stamps = try files.map { try MappedFile($0).stamp }
        let stamp =
            zip(files, stamps).map { "\($0.lastPathComponent):\($1.text)" }
            .joined(separator: ";") + tokenizer
        var nameDigest = DigestBuilder()
        nameDigest.add(directory.standardizedFileURL.path)
        let memory = Places.cache.appendingPathComponent("digests")
            .appendingPathComponent(nameDigest.hexadecimal().prefix(32) + ".json")
        if let data = try? Data(contentsOf: memory),
            let entry = try? JSONDecoder().decodeChecked(Entry.self, from: data),
            entry.stamp == stamp
        {
            return entry.digest
        }
        var builder = DigestBuilder()
        for file in files {
            builder.add(file.lastPathComponent)
            try builder.add(contentsOf: file)
        }
        builder.add(tokenizer)
        let digest = builder.hexadecimal()
        // If the cache is not writable, that only costs the time to hash again.
        if !stamps.contains(where: \.isFresh),
            let data = try? JSONEncoder().encode(Entry(stamp: stamp, digest: digest))
        {
            try? AtomicFile.write(data, to: memory)
        }
        return digest
    }

    private static func weightFiles(_ directory: URL) throws -> [URL] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            throw FileError.notReadable(
                path: directory.path, reason: error.localizedDescription)
        }
        return names.filter { $0 == "config.json" || $0.contains(".safetensors") }.sorted()
            .map { directory.appendingPathComponent($0) }
    }
}
