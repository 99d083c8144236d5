import Encoders
import Features
import Foundation
import Support
import Tasks
import TestSupport
import Testing

@Suite("The size of the feature cache")
struct FeatureStoreTests {
    /// A cache with some entries of 1,000 bytes, the first used the longest time ago.
    private func store(_ names: [String]) throws -> FeatureStore {
        let directory = try TinyEncoder.temporaryDirectory()
        for (age, name) in names.reversed().enumerated() {
            let url = directory.appendingPathComponent(name)
            try Data(count: 1_000).write(to: url)
            try used(url, daysAgo: Double(age))
        }
        return FeatureStore(directory)
    }

    private func used(_ url: URL, daysAgo days: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -86_400 * days)],
            ofItemAtPath: url.path)
    }

    private func names(_ store: FeatureStore) -> [String] {
        store.entries().map(\.url.lastPathComponent)
    }

    @Test("what was not used for the longest time goes first, with its note; what is in use stays")
    func limit() throws {
        let store = try store([
            "a.safetensors", "b.safetensors", "c.safetensors", "d.safetensors", "other.txt",
        ])
        defer { try? FileManager.default.removeItem(at: store.directory) }
        // The note says that b was used since.
        let note = store.directory.appendingPathComponent("b.verified")
        try Data("note".utf8).write(to: note)
        #expect(names(store) == ["a", "c", "d", "b"].map { $0 + ".safetensors" })

        do {
            let open = try MappedFile(store.directory.appendingPathComponent("a.safetensors"))
            open.hold()
            defer { withExtendedLifetime(open) {} }
            let removal = try store.trim(to: 2_500)
            #expect(removal.removed == 2 && removal.bytes == 2_000 && removal.inUse == 1)
        }
        #expect(names(store) == ["a", "b"].map { $0 + ".safetensors" })
        #expect(try store.trim(to: 2_000).removed == 0)
        #expect(try store.removeAll().removed == 2)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: store.directory.path)
                == ["other.txt"])
    }

    @Test("what is older than so many days goes, and what a killed program left")
    func ages() throws {
        let store = try store([
            ".x.safetensors.ABCDEFGH.tmp", "a.safetensors", "b.safetensors", "c.safetensors",
        ])
        defer { try? FileManager.default.removeItem(at: store.directory) }
        let fresh = store.directory.appendingPathComponent(".y.safetensors.ABCDEFGH.tmp")
        try Data().write(to: fresh)
        let removal = try store.removeAll(unusedSince: Date(timeIntervalSinceNow: -1.5 * 86_400))
        #expect(removal.removed == 2 && removal.inUse == 0)
        #expect(
            Set(names(store))
                == ["b.safetensors", "c.safetensors", ".y.safetensors.ABCDEFGH.tmp"])
        // Another program may be writing it.
        #expect(try store.removeAll().inUse == 1)
        #expect(FeatureStore(URL(fileURLWithPath: "/nowhere")).entries().isEmpty)
    }

    @Test("features that a search reads are held, and count as used now")
    func use() throws {
        let home = try TinyEncoder.temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: home) }
        try TinyEncoder.write(to: home)
        let directory = home.appendingPathComponent("features")
        let cache = FeatureCache(
            encoder: try Encoder(directory: home), directory: directory, threads: 1)
        func read() throws -> FeatureSet {
            try cache.features(
                of: [Example(text: "a good day", label: 0)], FeatureConfiguration())
        }
        let features = try read()
        let store = FeatureStore(directory)
        #expect(store.entries().count == 1)
        try withExtendedLifetime(features) {
            let removal = try store.trim(to: 0)
            #expect(removal.removed == 0 && removal.inUse == 1)
        }
        let note = store.entries()[0].url.deletingPathExtension()
            .appendingPathExtension("verified")
        // A file that has just been written is not noted as verified.
        try used(store.entries()[0].url, daysAgo: 3)
        _ = try read()
        try used(note, daysAgo: 2)
        _ = try read()
        #expect(store.entries()[0].lastUsed.timeIntervalSinceNow > -3_600)
    }

    @Test("sizes are read and written as people do")
    func sizes() {
        let sizes = [
            ("10GB", 10_000_000_000), ("500 MB", 500_000_000), ("1.5t", 1_500_000_000_000),
            ("2k", 2_000), ("17", 17), ("17B", 17), ("0", 0),
        ]
        for (text, bytes) in sizes { #expect(ByteSize(text)?.bytes == bytes, "\(text)") }
        for text in ["", "GB", "-1", "ten", "1GiB", "1e30", "nan", "inf", "1 2x"] {
            #expect(ByteSize(text) == nil, "\(text)")
        }
        #expect(ByteSize(11_960_000_000).description == "12.0 GB")
        #expect(ByteSize(540_000_000).description == "540 MB")
        #expect(ByteSize(1).description == "1 kB")
    }
}
